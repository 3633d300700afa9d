import { deyeMicro } from './deye-micro.ts';
import type { DataFields, Layout } from './layout.ts';
import { solis } from './solis.ts';
import { tsun } from './tsun.ts';

/** THE list of data layouts. A new one is a file of rows and one line here. */
export const layouts: readonly Layout[] = [deyeMicro, solis, tsun];

/** A layout with the rows that every frame needs picked out beforehand. */
export interface KnownLayout {
  layout: Layout;
  readingFields: DataFields;
}

const bySensorType = new Map(
  layouts.flatMap((layout) => {
    const known: KnownLayout = { layout, readingFields: layout.fields.filter((field) => field.detail !== true) };
    return layout.sensorTypes.map((type) => [type, known] as const);
  }),
);

/** The layout of a sensor type, or undefined: then the payload is kept as it came. */
export function layoutOf(sensorType: number): KnownLayout | undefined {
  return bySensorType.get(sensorType);
}
