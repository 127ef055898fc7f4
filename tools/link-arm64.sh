#!/bin/sh
# Links an arm64 build with Debian's cross gcc. The SDK writes its link line for clang, whose --target= gcc does not
# know; everything else passes through.
for argument do
  shift
  case $argument in
    --target=*) ;;
    *) set -- "$@" "$argument" ;;
  esac
done
exec aarch64-linux-gnu-gcc "$@"
