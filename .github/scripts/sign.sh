#!/bin/sh
# Signs INGOT_REPOSITORY@INGOT_DIGEST and attests what INGOT_PREDICATES holds. Keyless by OIDC in Actions; with a key of one's
# own where COSIGN_KEY names it (a file, env:// or a KMS URI; its password in COSIGN_PASSWORD). What a key signs goes into
# Sigstore's public log only with INGOT_TRANSPARENCY_LOG=true.
set -eu
image=$INGOT_REPOSITORY@$INGOT_DIGEST
scratch=$(mktemp -d)
trap 'rm -rf "$scratch"' EXIT
set -- --yes
if [ -n "${COSIGN_KEY:-}" ]; then
  set -- "$@" --key "$COSIGN_KEY"
  if [ "${INGOT_TRANSPARENCY_LOG:-}" != true ]; then
    printf '{"mediaType":"application/vnd.dev.sigstore.signingconfig.v0.2+json"}' > "$scratch/signing-config.json"
    printf '{"mediaType":"application/vnd.dev.sigstore.trustedroot+json;version=0.1"}' > "$scratch/trusted-root.json"
    set -- "$@" --signing-config "$scratch/signing-config.json" --trusted-root "$scratch/trusted-root.json"
  fi
fi
cosign sign "$@" "$image"
# Types by their addresses: by its word for provenance cosign 3.1.3 drops members it does not know.
while read -r name type; do
  [ -f "$INGOT_PREDICATES/$name.json" ] || continue
  cosign attest "$@" --type "$type" --predicate "$INGOT_PREDICATES/$name.json" "$image" < /dev/null
done << 'TYPES'
provenance https://slsa.dev/provenance/v1
test-result https://in-toto.io/attestation/test-result/v0.1
report urn:dev.ingot:report
bench urn:dev.ingot:bench
spdx https://spdx.dev/Document
cyclonedx https://cyclonedx.org/bom
TYPES
