//go:build !poison

package exec

const poison = false
