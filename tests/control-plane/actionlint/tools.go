//go:build tools

// Package tools makes the program that ../build compiles a dependency of this module.
package tools

import _ "github.com/rhysd/actionlint/cmd/actionlint"
