import { inPackages, type WheelRule } from './rule.ts'

/**
 * Test suites inside wheels. Only packages looked at: some import theirs (`torch.testing`, `numpy.testing`), and a plug-in
 * may be called `tests`.
 */
const withTests: readonly [distribution: string, paths: string[], evidence: string][] = [
  ['sympy', ['sympy/**/tests/**'], '9.6 MB in 1.14.0'],
  ['numpy', ['numpy/**/tests/**'], '6.7 MB in 2.4.6; numpy.testing is another folder and stays'],
  ['networkx', ['networkx/**/tests/**'], '3.0 MB in 3.6.1'],
  ['mpmath', ['mpmath/tests/**'], '0.4 MB in 1.3.0'],
  ['scipy', ['scipy/**/tests/**'], 'by name; scipy._lib._testutils stays'],
  ['numba', ['numba/**/tests/**'], 'by name; numba.testing stays'],
  ['pandas', ['pandas/tests/**'], 'by name; pandas.testing stays'],
  ['pyarrow', ['pyarrow/tests/**'], 'by name'],
  ['scikit-learn', ['sklearn/**/tests/**'], 'by name'],
  ['ray', ['ray/tests/**', 'ray/*/tests/**'], 'by name'],
]

export const pythonWheelRules: readonly WheelRule[] = [
  ...withTests.map(
    ([distribution, paths, evidence]): WheelRule => ({
      id: `${distribution}-tests`,
      distribution,
      risk: 'safe',
      paths: inPackages(...paths),
      reason: 'test cases',
      evidence,
    }),
  ),
  {
    id: 'numpy-headers',
    distribution: 'numpy',
    risk: 'jit',
    paths: inPackages('numpy/_core/include/**', 'numpy/**/*.{pyi,pxd}', 'numpy/**/*.a'),
    reason: 'headers, static libraries and types for extensions',
    evidence: '1.6 MB in 2.4.6; Triton and inductor include none of them',
  },
  {
    id: 'pip',
    distribution: 'pip',
    risk: 'feature',
    paths: inPackages('pip/**', 'pip-*/**'),
    reason: 'installs packages; a finished image installs none',
    evidence: '7.1 MB in 23.2, besides 7.2 MB of bytecode',
  },
  {
    id: 'setuptools',
    distribution: 'setuptools',
    risk: 'jit',
    paths: inPackages('setuptools/**', 'setuptools-*/**', 'pkg_resources/**', '_distutils_hack/**'),
    reason: 'builds C++ extensions',
    evidence:
      'torch 2.14.0 lists it as needed (>= 77.0.3) and imports without it; torch.utils.cpp_extension, which FlashInfer uses, imports it',
  },
]
