#!/bin/sh
# Starts a shard and the router as text-generation-launcher does: both by name, the router told to stop first.
[ "$1" != --version ] || { echo 'text-generation-launcher 3.3.7'; exit 0; }
while [ $# -gt 1 ]; do
  case $1 in
    --model-id) model=$2 ;;
    --port) port=$2 ;;
  esac
  shift
done
# A script whose first line has the whole path of uv's Python.
absolute || exit 1
text-generation-server serve "$model" --uds-path /tmp/text-generation-server &
shard=$!
text-generation-router --port "$port" --tokenizer-name "$model" &
router=$!
trap 'kill $router; wait $router; kill $shard; wait $shard; exit 0' TERM INT
wait $router || { echo 'Webserver Crashed'; exit 1; }
