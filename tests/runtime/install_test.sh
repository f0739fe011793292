#!/bin/bash
# Installs the runtime from BUILD and builds the seed program against it outside
# the tree: by find_package, by pkg-config, and by pkg-config as a static,
# garbage collected and stripped program. Each must print foo and bar and still
# carry the note that observers look for.
#
#   install_test.sh BUILD COMPILER [FLAGS]   FLAGS: as the runtime was built
set -euo pipefail

build=$1
compiler=$2
flags=${3:-}
seed=$(cd "$(dirname "$0")/install" && pwd)

work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
prefix=$work/prefix

expect_foo_and_bar() {
  local program=$1 pid first second
  readelf --notes --wide "$program" | grep -q '^ *green ' ||
    { echo "$program has no note"; exit 1; }
  exec {output}< <(exec "$program")
  pid=$!
  read -r first <&"$output"
  read -r second <&"$output"
  kill "$pid"
  exec {output}<&-
  [[ $first == foo && $second == bar ]] ||
    { echo "$program printed: $first, $second"; exit 1; }
  echo "$program: $first, $second"
}

cmake --install "$build" --component green --prefix "$prefix" > "$work/log"
# What is installed may be moved.
mv "$prefix" "$prefix-moved"
prefix=$prefix-moved

cmake -G Ninja -S "$seed" -B "$work/by_cmake" -DCMAKE_PREFIX_PATH="$prefix" \
  -DCMAKE_CXX_COMPILER="$compiler" -DCMAKE_CXX_FLAGS="$flags" > "$work/log"
cmake --build "$work/by_cmake" > "$work/log"
expect_foo_and_bar "$work/by_cmake/seed"

PKG_CONFIG_PATH=$(dirname "$(find "$prefix" -name green.pc)")
export PKG_CONFIG_PATH
# shellcheck disable=SC2046,SC2086  # words, on purpose
"$compiler" -std=c++20 $flags "$seed/seed.cc" -o "$work/by_pkg_config" \
  $(pkg-config --cflags --libs green)
expect_foo_and_bar "$work/by_pkg_config"

# Sanitizers do not link statically.
if [[ -z $flags ]]; then
  # shellcheck disable=SC2046
  "$compiler" -std=c++20 -O2 -ffunction-sections -fdata-sections \
    -Wl,--gc-sections -static "$seed/seed.cc" -o "$work/stripped" \
    $(pkg-config --static --cflags --libs green)
  strip --strip-all "$work/stripped"
  expect_foo_and_bar "$work/stripped"
fi
