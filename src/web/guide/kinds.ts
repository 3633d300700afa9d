import type { DeviceKind } from '../../domain/inverter.ts';

/** What the guide knows how to set up; `other` has no one way. */
export const GUIDE_KINDS = ['solarman', 'opendtu', 'victron'] as const satisfies readonly DeviceKind[];
export type GuideKind = (typeof GUIDE_KINDS)[number];

export function isGuideKind(kind: string | null | undefined): kind is GuideKind {
  return GUIDE_KINDS.some((known) => known === kind);
}
