#!/bin/sh
# Set-up links this as .tools/bin/anvil, the one Ape finds. Anvil would keep old states and what a
# fork reads in the home directory, the latter by chain id and block number, which local chains
# share. Chains that were killed leave their states behind: those of earlier days go.
here=$(dirname "$0")
states=$here/../anvil
mkdir -p "$states"
find "$states" -mindepth 1 -maxdepth 1 -mtime +0 -exec rm -rf {} +
case " $* " in
    *" --fork-url "*) set -- "$@" --no-storage-caching ;;
esac
exec "$here/../foundry/anvil" --cache-path "$states" "$@"
