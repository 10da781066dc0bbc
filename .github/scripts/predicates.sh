#!/bin/sh
# Fetches what was published beside an image and says what it says, for `cosign attest`: INGOT_REPOSITORY, INGOT_DIGEST.
# Writes provenance.json and test-result.json into INGOT_PREDICATES. Needs crane and jq.
set -eu
mkdir -p "$INGOT_PREDICATES"
tag=$(printf %s "$INGOT_DIGEST" | tr : -)
crane manifest "$INGOT_REPOSITORY:$tag" | jq -r '.manifests[].digest' | while read -r referrer; do
  crane manifest "$INGOT_REPOSITORY@$referrer" |
    jq -r '.layers[] | select(.mediaType == "application/vnd.in-toto+json") | .digest' | while read -r layer; do
    crane blob "$INGOT_REPOSITORY@$layer" > "$INGOT_PREDICATES/statement.json"
    subject=$(jq -r '.subject[0].digest.sha256' "$INGOT_PREDICATES/statement.json")
    [ "sha256:$subject" = "$INGOT_DIGEST" ] || { echo "$layer speaks about $subject" >&2; exit 1; }
    case $(jq -r .predicateType "$INGOT_PREDICATES/statement.json") in
      https://slsa.dev/provenance/v1) name=provenance ;;
      https://in-toto.io/attestation/test-result/v0.1) name=test-result ;;
      *) continue ;;
    esac
    jq .predicate "$INGOT_PREDICATES/statement.json" > "$INGOT_PREDICATES/$name.json"
  done
done
rm -f "$INGOT_PREDICATES/statement.json"
[ -f "$INGOT_PREDICATES/provenance.json" ] && [ -f "$INGOT_PREDICATES/test-result.json" ] ||
  { echo "$INGOT_REPOSITORY@$INGOT_DIGEST has no provenance or no test result" >&2; exit 1; }
[ "$(jq -r .result "$INGOT_PREDICATES/test-result.json")" = PASSED ] ||
  { echo "$INGOT_REPOSITORY@$INGOT_DIGEST did not pass its boot" >&2; exit 1; }
