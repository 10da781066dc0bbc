module github.com/vito/tuist/teav1

go 1.26.1

require (
	github.com/charmbracelet/bubbletea v1.3.10
	github.com/vito/tuist v0.0.7-0.20260617202722-ed3f1d64aee6
)
