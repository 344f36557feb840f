#!/bin/sh
# Make a stand-in for Microsoft's base image where that can't be pulled: Debian 12, and this machine's own Python 3.13 at
# the place where Microsoft's image has it. It holds no Functions host.
#
#     tools/image_base.sh ENGINE TAG        ENGINE: docker or podman; wants root and debootstrap
set -eu

engine=$1
tag=$2
mirror=${DEBIAN_MIRROR:-http://deb.debian.org/debian}
# What Python's own modules link to, beside what every Debian has.
libraries=libssl3,libffi8,zlib1g,libbz2-1.0,liblzma5,libsqlite3-0,libreadline8,libncursesw6,libuuid1,libexpat1

python=$("$(dirname "$0")/python.sh")
prefix=$("$python" -c 'import sys; print(sys.base_prefix)')
version=$("$python" -c 'import platform; print(platform.python_version())')

root=$(mktemp -d)
trap 'rm -rf "$root"' EXIT
debootstrap --variant=minbase --include="ca-certificates,$libraries" bookworm "$root" "$mirror" >"$root.log" 2>&1 || {
    tail -n 5 "$root.log" >&2
    exit 1
}
rm -rf "$root.log" "$root"/var/cache/apt/archives/*.deb "$root"/var/lib/apt/lists/* "$root"/usr/share/doc/*

home=/opt/python/$version
mkdir -p "$root$home"
tar -C "$prefix" --exclude=./lib/python3.13/site-packages --exclude=./lib/python3.13/test --exclude='*.a' -cf - . |
    tar -C "$root$home" -xf -
for file in "$root$home"/bin/*; do
    ln -sf "$home/bin/$(basename "$file")" "$root/usr/bin/$(basename "$file")"
done
chroot "$root" /sbin/ldconfig "$home/lib"
chroot "$root" python3.13 -m compileall -q "$home/lib/python3.13" || true
chroot "$root" python3.13 -m ensurepip >/dev/null 2>&1
# Where the machine's way to the internet has a certificate of its own, the build's pip needs it too.
cp /etc/ssl/certs/ca-certificates.crt "$root/etc/ssl/certs/ca-certificates.crt"

tar -C "$root" -cf - . | "$engine" import - "$tag" >/dev/null
