#!/bin/sh
# Signs INGOT_REPOSITORY@INGOT_DIGEST and attests what INGOT_PREDICATES holds. Keyless by OIDC in Actions; with a key of one's
# own where COSIGN_KEY names it (a file or a KMS URI; its password in COSIGN_PASSWORD).
set -eu
image=$INGOT_REPOSITORY@$INGOT_DIGEST
set -- --yes
[ -z "${COSIGN_KEY:-}" ] || set -- "$@" --key "$COSIGN_KEY"
cosign sign "$@" "$image"
cosign attest "$@" --type slsaprovenance1 --predicate "$INGOT_PREDICATES/provenance.json" "$image"
cosign attest "$@" --type https://in-toto.io/attestation/test-result/v0.1 \
  --predicate "$INGOT_PREDICATES/test-result.json" "$image"
