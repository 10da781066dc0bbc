/** User and group every image runs as: no root, and group 0 as platforms with arbitrary UIDs expect. */
export const userId = '10001:0'

/** A file or folder that is ours. Modes are octal text; folders have no content. */
export type SettingsFile =
  | { type: 'folder'; path: string; mode: string }
  | { type: 'file'; path: string; mode: string; content: string }

/** One file with all certificates that the image trusts; Debian's packages have theirs there too. */
export const certificatesPath = '/etc/ssl/certs/ca-certificates.crt'

/** What every image holds besides the server: accounts, name service order and the folders runtimes mount over. */
export function settingsFiles(): SettingsFile[] {
  return [
    { type: 'folder', path: '/dev', mode: '0755' },
    { type: 'folder', path: '/etc', mode: '0755' },
    { type: 'file', path: '/etc/group', mode: '0644', content: 'root:x:0:ingot\nnogroup:x:65534:\n' },
    { type: 'file', path: '/etc/nsswitch.conf', mode: '0644', content: nameServices },
    { type: 'file', path: '/etc/passwd', mode: '0644', content: accounts },
    { type: 'folder', path: '/proc', mode: '0755' },
    { type: 'folder', path: '/run', mode: '0755' },
    { type: 'folder', path: '/sys', mode: '0755' },
    { type: 'folder', path: '/tmp', mode: '1777' },
  ]
}

const accounts = [
  'root:x:0:0:root:/root:/usr/sbin/nologin',
  'ingot:x:10001:0:ingot:/tmp:/usr/sbin/nologin',
  'nobody:x:65534:65534:nobody:/nonexistent:/usr/sbin/nologin',
  '',
].join('\n')

const nameServices = ['passwd: files', 'group: files', 'hosts: files dns', ''].join('\n')
