//go:build tools

// Package tools names the programs of the control plane, so that `go mod tidy` keeps their modules in go.mod.
// It is never compiled: the build tag keeps it out.
package tools

import (
	_ "go.etcd.io/etcd/server/v3"
	_ "k8s.io/kubernetes/cmd/kube-apiserver"
	_ "k8s.io/kubernetes/cmd/kube-controller-manager"
	_ "k8s.io/kubernetes/cmd/kubectl"
)
