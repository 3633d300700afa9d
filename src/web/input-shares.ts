import type { ChannelCurrent } from '../services/services.ts';

/** How an input stands to its siblings. */
export interface InputShare {
  /** Of the strongest input's power; null where either is unknown, or nothing flows at all. */
  ofStrongest: number | null;
  /** The others work in good light and this one gives next to nothing: a dead panel, a loose plug. */
  isDead: boolean;
}

/** Below this the light is too weak to tell a dead panel from a badly placed one. */
const GOOD_LIGHT_W = 30;
const NEXT_TO_NOTHING = 0.05;

/** In the order of the inputs. */
export function inputShares(inputs: readonly Pick<ChannelCurrent, 'powerW'>[]): InputShare[] {
  const strongestW = inputs.reduce((max, { powerW }) => Math.max(max, powerW ?? 0), 0);
  return inputs.map(({ powerW }) => ({
    ofStrongest: powerW === null || strongestW <= 0 ? null : Math.max(0, powerW) / strongestW,
    isDead: powerW !== null && strongestW >= GOOD_LIGHT_W && powerW < strongestW * NEXT_TO_NOTHING,
  }));
}
