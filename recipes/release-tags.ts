import semver from 'semver'

/** How an image repository names its releases: `v0.31.0-cu129` is `v`, a version, `-cu129`. */
export interface TagForm {
  prefix: string
  suffix: string
}

/** A tag that stands for a release. */
export interface ReleaseTag {
  tag: string
  /** Semver of the release; what follows a third number, such as `.post1`, counts in `post` alone. */
  version: string
  post: number
}

const releasePattern = /^(\D*)(\d+\.\d+\.\d+)(?:\.post(\d+))?(.*)$/s

/** The form of a tag; undefined for one without three numbers, which moves by itself. */
export function tagFormOf(tag: string): TagForm | undefined {
  const match = releasePattern.exec(tag)
  return match === null ? undefined : { prefix: match[1] ?? '', suffix: match[4] ?? '' }
}

/** Repository and tag of an image reference; undefined without a tag, or with a digest, which nothing may take the place of. */
export function taggedImage(reference: string): { repository: string; tag: string } | undefined {
  const match = /^([^@]+):([^/:@]+)$/.exec(reference)
  return match === null ? undefined : { repository: match[1] ?? '', tag: match[2] ?? '' }
}

/** Releases of one form among the tags of a repository, the newest first. Previews have another suffix, and so another form. */
export function releasesOf(form: TagForm, tags: readonly string[]): ReleaseTag[] {
  return tags
    .flatMap((tag) => {
      const match = releasePattern.exec(tag)
      if (match === null || match[1] !== form.prefix || match[4] !== form.suffix) return []
      const version = semver.valid(match[2])
      return version === null ? [] : [{ tag, version, post: Number(match[3] ?? -1) }]
    })
    .sort((one, other) => semver.rcompare(one.version, other.version) || other.post - one.post)
}

/** Whether one reference may stand in a lock for another: the same repository, and tags of releases in one form. */
export function isSameLine(one: string, other: string): boolean {
  if (one === other) return true
  const [first, second] = [one, other].map(taggedImage)
  if (first === undefined || second === undefined || first.repository !== second.repository) return false
  const [form, otherForm] = [tagFormOf(first.tag), tagFormOf(second.tag)]
  return form !== undefined && form.prefix === otherForm?.prefix && form.suffix === otherForm.suffix
}
