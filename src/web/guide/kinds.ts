import type { DeviceKind } from '../../domain/inverter.ts';

/** What the guide knows how to set up; `other` has no one way. */
export const GUIDE_KINDS = ['solarman', 'opendtu', 'victron'] as const satisfies readonly DeviceKind[];
export type GuideKind = (typeof GUIDE_KINDS)[number];

export function isGuideKind(kind: string | null | undefined): kind is GuideKind {
  return GUIDE_KINDS.some((known) => known === kind);
}

/** Whether an address means "this computer" to whoever reads it, so that another device cannot use it. */
export function isLocalOnly(host: string): boolean {
  return /^(localhost|127(\.\d+){3}|\[?::1\]?|0\.0\.0\.0)$/i.test(host);
}
