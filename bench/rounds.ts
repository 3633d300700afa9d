/** A thing that is measured, and what the machine does without us; both in every round, one directly after the other. */
export interface Measure {
  /** Begins the names of its figures. */
  name: string;
  what: string;
  unit: string;
  /** Further figures of the round go to `note`. */
  ours(note: Note): Promise<number>;
  neighbours: readonly Neighbour[];
}

export interface Neighbour {
  /** The ratio is called `<name of the measure>_vs_<this>_ratio`. */
  name: string;
  what: string;
  measure(): Promise<number>;
}

export type Note = (figure: string, value: number, what: string, unit: string) => void;

/** Median of the rounds, with the least and the most of them. */
export interface Spread {
  median: number;
  least: number;
  most: number;
  rounds: number;
}

export interface Figure extends Spread {
  what: string;
  unit: string;
}

export interface Ratio extends Spread {
  /** Figures it is made of. */
  of: string;
  by: string;
}

export interface Results {
  figures: Record<string, Figure>;
  ratios: Record<string, Ratio>;
}

/**
 * Every measure once a round, ours and its neighbours in turn and in the other order every second round, so that what the machine does
 * beside hits both. A ratio is taken within its round; what is told is the median over the rounds.
 */
export async function runRounds(
  measures: readonly Measure[],
  rounds: number,
  say: (line: string) => void,
): Promise<Results> {
  const values = new Map<string, { what: string; unit: string; all: number[] }>();
  const quotients = new Map<string, { of: string; by: string; all: number[] }>();
  const note: Note = (name, value, what, unit) => {
    const known = values.get(name) ?? { what, unit, all: [] };
    known.all.push(value);
    values.set(name, known);
  };
  for (let round = 1; round <= rounds; round++) {
    for (const { name, what, unit, ours, neighbours } of measures) {
      let own = Number.NaN;
      const beside = new Map<Neighbour, number>();
      const steps = [
        async (): Promise<void> => {
          own = await ours(note);
          note(name, own, what, unit);
        },
        ...neighbours.map((neighbour) => async (): Promise<void> => {
          const value = await neighbour.measure();
          beside.set(neighbour, value);
          note(`${name}_${neighbour.name}`, value, neighbour.what, unit);
        }),
      ];
      for (const step of round % 2 === 1 ? steps : steps.toReversed()) await step();
      for (const [neighbour, value] of beside) {
        const key = `${name}_vs_${neighbour.name}_ratio`;
        const known = quotients.get(key) ?? { of: name, by: `${name}_${neighbour.name}`, all: [] };
        known.all.push(own / value);
        quotients.set(key, known);
      }
      say(`round ${round} of ${rounds}: ${what}: ${own.toPrecision(3)} ${unit}`);
    }
  }
  return {
    figures: Object.fromEntries(
      [...values].map(([name, { what, unit, all }]) => [name, { what, unit, ...spreadOf(all) }]),
    ),
    ratios: Object.fromEntries([...quotients].map(([name, { of, by, all }]) => [name, { of, by, ...spreadOf(all) }])),
  };
}

export function spreadOf(values: readonly number[]): Spread {
  const sorted = values.filter(Number.isFinite).sort((a, b) => a - b);
  const middle = sorted.length >> 1;
  const upper = sorted[middle] ?? Number.NaN;
  const median = sorted.length % 2 === 1 ? upper : ((sorted[middle - 1] ?? Number.NaN) + upper) / 2;
  return {
    median: rounded(median),
    least: rounded(sorted[0] ?? Number.NaN),
    most: rounded(sorted.at(-1) ?? Number.NaN),
    rounds: sorted.length,
  };
}

/** Three digits that mean something are more than such a figure has. */
export function rounded(value: number): number {
  return Number(value.toPrecision(4));
}
