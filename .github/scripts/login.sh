#!/bin/sh
# Logs crane and cosign in at INGOT_REGISTRY; the password comes from INGOT_PASSWORD by stdin, never as an argument.
set -eu
printf %s "$INGOT_PASSWORD" | crane auth login "$INGOT_REGISTRY" --username "$INGOT_USERNAME" --password-stdin
