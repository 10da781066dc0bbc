// Package distconsts is the distributor's list of paths that Dagger leaves to whoever packages it.
// Upstream keeps it in a nested module that no module proxy has, so the lab, being a distributor, writes its own.
// The paths are those inside of the engine's root file system (lab/engine-rootfs.ts).
package distconsts

const (
	EngineContainerName   = "ingot-lab-engine"
	DefaultEngineSockAddr = "unix:///run/dagger/engine.sock"

	RuncPath       = "/usr/sbin/runc"
	DaggerInitPath = "/usr/local/bin/dagger-init"

	EngineDefaultStateDir            = "/var/lib/dagger"
	EngineContainerBuiltinContentDir = "/usr/local/share/dagger/content"
	EngineCustomCACertsDir           = "/usr/local/share/ca-certificates"
	OCIVersionAnnotation             = "org.opencontainers.image.version"
)

// The SDK bundles serve Dagger modules, which the lab does not have: an unset variable makes the engine say so.
const (
	GoSDKManifestDigestEnvName         = "DAGGER_GO_SDK_MANIFEST_DIGEST"
	PythonSDKManifestDigestEnvName     = "DAGGER_PYTHON_SDK_MANIFEST_DIGEST"
	TypescriptSDKManifestDigestEnvName = "DAGGER_TYPESCRIPT_SDK_MANIFEST_DIGEST"
)

// Images that Dagger takes for its own purposes: terminals, modules and its own tests.
const (
	AlpineVersion = "3.22"
	AlpineImage   = "alpine:" + AlpineVersion
	BusyboxImage  = "busybox:1.37"
	GolangImage   = "golang:1.26-alpine"
)
