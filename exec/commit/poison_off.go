//go:build !poison

package commit

const poison = false
