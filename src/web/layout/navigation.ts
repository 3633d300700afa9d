import type { Dictionary } from '../../i18n/en.ts';
import type { IconName } from '../components/icon.tsx';

/** What is one tap away from everywhere. */
export const NAVIGATION = [
  { key: 'overview', path: '/', icon: 'sun' },
  { key: 'inverters', path: '/inverters', icon: 'inverter' },
  { key: 'guide', path: '/inverters/new', icon: 'plus' },
] as const satisfies readonly { key: keyof Dictionary['nav']; path: string; icon: IconName }[];

export type NavKey = (typeof NAVIGATION)[number]['key'];
