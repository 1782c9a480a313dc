#!/bin/sh
#
# setup_test.sh - what the make targets use is installed by tools/setup; `make targets` tries it in full.

set -u
cd "$(dirname "$0")/../.." || exit 1
failed=0

# Each lock file's packages are installed for some target.
for lock in $(git ls-files '*package-lock.json' 2>/dev/null || ls bench/peers/package-lock.json demo/package-lock.json); do
    folder=$(dirname "$lock")
    if grep -q "install_npm $folder " tools/setup || { grep -q "^OWN_NODE=$folder " tools/setup && grep -q 'install_npm "$OWN_NODE"' tools/setup; }; then
        echo "ok setup: installs $folder"
    else
        echo "not ok setup: installs $folder - tools/setup does not name it"
        failed=1
    fi
done

# Each group that the Makefile asks for is one that setup knows.
for group in $(sed -n 's/^\t@tools\/setup \([a-z]*\)$/\1/p' Makefile | sort -u); do
    if sed -n '/^    case \$group in$/,/^    esac$/p' tools/setup | grep -qw "$group"; then echo "ok setup: knows $group"; else
        echo "not ok setup: knows $group - the Makefile asks for it"
        failed=1
    fi
done
exit $failed
