/** How grave a vulnerability is, least first, as grype and its sources say it. */
export const severities = ['negligible', 'low', 'medium', 'high', 'critical'] as const
export type Severity = (typeof severities)[number]
