#!/bin/sh
# Fetches what was published beside an image, for `cosign attest`: INGOT_REPOSITORY, INGOT_DIGEST. Writes provenance.json,
# test-result.json, report.json, where it was on the bench bench.json, and where there is an SBOM spdx.json and cyclonedx.json into
# INGOT_PREDICATES. Stops unless the image passed its boot, and with INGOT_BENCHED=true unless it kept its limits on the bench. Needs crane, regctl (it finds referrers with and without the registry's API) and jq.
set -eu
here=$(CDPATH='' cd -- "$(dirname -- "$0")" && pwd)
image=$INGOT_REPOSITORY@$INGOT_DIGEST
mkdir -p "$INGOT_PREDICATES"
statement=$INGOT_PREDICATES/statement.json
fail() { echo "$image: $1" >&2; exit 1; }

keep_statement() { # $1 is the digest of a layer
  crane blob "$INGOT_REPOSITORY@$1" > "$statement"
  subject=$(jq -r '.subject[0].digest.sha256' "$statement")
  [ "sha256:$subject" = "$INGOT_DIGEST" ] || fail "$1 speaks about $subject"
  case $(jq -r .predicateType "$statement") in
    https://slsa.dev/provenance/v1) name=provenance ;;
    https://in-toto.io/attestation/test-result/v0.1) name=test-result ;;
    *) return 0 ;;
  esac
  jq .predicate "$statement" > "$INGOT_PREDICATES/$name.json"
}

regctl artifact list "$image" --format '{{range .Descriptors}}{{println .Digest}}{{end}}' | while read -r referrer; do
  [ -n "$referrer" ] || continue
  manifest=$(crane manifest "$INGOT_REPOSITORY@$referrer")
  [ "$(printf %s "$manifest" | jq -r .subject.digest)" = "$INGOT_DIGEST" ] || fail "$referrer is about something else"
  printf %s "$manifest" | jq -r '.layers[] | .mediaType + " " + .digest' | while read -r type layer; do
    case $type in
      application/vnd.in-toto+json) keep_statement "$layer" ;;
      application/vnd.dev.ingot.report.v1+json) crane blob "$INGOT_REPOSITORY@$layer" > "$INGOT_PREDICATES/report.json" ;;
      application/vnd.dev.ingot.bench.v1+json) crane blob "$INGOT_REPOSITORY@$layer" > "$INGOT_PREDICATES/bench.json" ;;
      application/spdx+json) crane blob "$INGOT_REPOSITORY@$layer" > "$INGOT_PREDICATES/spdx.json" ;;
      application/vnd.cyclonedx+json) crane blob "$INGOT_REPOSITORY@$layer" > "$INGOT_PREDICATES/cyclonedx.json" ;;
    esac
  done
done
rm -f "$statement"
for name in provenance test-result report; do
  [ -f "$INGOT_PREDICATES/$name.json" ] || fail "it has no $name"
done
[ "$(jq -r .result "$INGOT_PREDICATES/test-result.json")" = PASSED ] || fail 'it did not pass its boot'
[ "$(jq -r .image "$INGOT_PREDICATES/report.json")" = "$INGOT_DIGEST" ] || fail 'its report is about another image'
bench=$INGOT_PREDICATES/bench.json
if [ -f "$bench" ]; then
  [ "$(jq -r .image "$bench")" = "$INGOT_DIGEST" ] || fail 'its report of the bench is about another image'
fi
if [ "${INGOT_BENCHED:-}" = true ]; then
  [ -f "$bench" ] || fail 'it was not on the bench; INGOT_BENCHED asked for it'
  doubt=$(jq -r -f "$here/doubt.jq" "$bench")
  [ -z "$doubt" ] || fail "$doubt"
fi
