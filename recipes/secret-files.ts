/** Names of files in which programs keep passwords, tokens and keys, in any folder. */
const names = [
  /^\.env(\..+)?$|^.+\.env$/,
  /^[._]netrc$/,
  /^\.(git-credentials|npmrc|yarnrc\.yml|pypirc|pgpass|my\.cnf|htpasswd|dockercfg|vault-token|terraformrc|boto|s3cfg|hf_token)$/,
  /^id_(rsa|dsa|ecdsa|ecdsa_sk|ed25519|ed25519_sk|xmss)$/,
  /\.(p12|pfx|jks|keystore|kdbx|ppk|ovpn)$/,
  /^(private|server|client|tls|ssl|ca)?[-_.]?key\.pem$|\.key$/,
  /^\.?(credentials?|secrets?|passwords?)(\.(json|csv|ya?ml|toml|ini|txt|env))?$/,
  /^(client[-_]secrets?|service[-_]?account|application[-_]default[-_]credentials)[^/]*\.json$/,
  /^kubeconfig([._-].*)?$|^.+\.kubeconfig$/,
  /^\.(bash|zsh|python|psql|mysql|node_repl)_history$/,
]

/** Folders and files of programs by their place below a home. */
const places = [
  /(^|\/)\.(aws|azure|ssh|gnupg|oci)\//,
  /(^|\/)\.config\/(gcloud|gh|hub|rclone)(\/|$)/,
  /(^|\/)\.docker\/config\.json$|(^|\/)containers\/auth\.json$/,
  /(^|\/)\.kube\//,
  /(^|\/)\.?huggingface\/(token|stored_tokens)$/,
  /(^|\/)\.cargo\/credentials(\.toml)?$/,
]

/** Files to copy from, which hold no secret of anybody. */
const samples = /\.(example|sample|template|dist|tmpl)$/

/** Whether a file of this path is one in which programs keep secrets. Case does not matter; `.env.example` is none. */
export function isSecretFile(path: string): boolean {
  const small = path.toLowerCase()
  const name = small.slice(small.lastIndexOf('/') + 1)
  if (samples.test(name)) return false
  return names.some((pattern) => pattern.test(name)) || places.some((pattern) => pattern.test(small))
}
