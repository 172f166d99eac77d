#!/bin/sh
# Set-up links this as .tools/bin/anvil, the one Ape finds. Without the option, what a fork reads
# is kept in the home directory by chain id and block number, which local chains share.
case " $* " in
    *" --fork-url "*) set -- "$@" --no-storage-caching ;;
esac
exec "$(dirname "$0")/../foundry/anvil" "$@"
