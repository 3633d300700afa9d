import type { ComponentChildren, JSX } from 'preact';
import { useView } from '../view.ts';
import { Unknown } from './figure.tsx';
import { Icon } from './icon.tsx';

export interface Column {
  name: string;
  /** Which colour it has in the drawing; null: none of its own. */
  series: number | null;
}

interface Row {
  /** Where it stands in the drawing, in thousandths: the pointer over the drawing reads its row. */
  x: number;
  at: Date;
  head: ComponentChildren;
  /** Null: unknown. */
  cells: (string | null)[];
  /** Said behind the values. */
  mark: string;
}

interface ChartTableProps {
  /** Unique on the page. */
  id: string;
  label: string;
  columns: readonly Column[];
  rows: readonly Row[];
}

/** The same as the drawing says, for who does not see it, and what a pointer over the drawing shows. */
export function ChartTable({ id, label, columns, rows }: ChartTableProps): JSX.Element {
  const { t } = useView();
  return (
    <details class="mt-3" id={id} data-chart-table>
      <summary class="inline-flex items-center gap-1 rounded-full text-muted text-sm hover:text-base-content">
        <Icon name="table" class="size-4" />
        {t.chart.table}
      </summary>
      {/* What scrolls must be reached by keyboard. */}
      <section class="chart-table mt-2" tabindex={0} aria-label={label}>
        <table>
          <thead>
            <tr>
              <th scope="col">{t.chart.time}</th>
              {columns.map(({ name, series }, index) => (
                <th key={index} scope="col" data-series={series === null ? undefined : String((series % 6) + 1)}>
                  <bdi>{name}</bdi>
                </th>
              ))}
            </tr>
          </thead>
          <tbody>
            {rows.map(({ x, at, head, cells, mark }) => (
              <tr key={at.getTime()} data-x={String(x)}>
                <th scope="row">{head}</th>
                {cells.map((cell, index) => (
                  <td key={index}>
                    {cell ?? <Unknown />}
                    {mark !== '' && index === cells.length - 1 ? <small> {mark}</small> : null}
                  </td>
                ))}
              </tr>
            ))}
          </tbody>
        </table>
      </section>
    </details>
  );
}
