import { distributionSuite } from '../pipelines/publish/distribution-suite.ts'

// Debian's docker-registry 2.8.2; the present release, which takes minutes to build, is in test/slow.
distributionSuite('docker-registry')
