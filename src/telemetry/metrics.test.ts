import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { FIGURES, type Figure, type FigureName } from './figures.ts';
import { Metrics } from './metrics.ts';

/** The lines of one figure, without its description. */
async function linesOf(metrics: Metrics, name: FigureName): Promise<string[]> {
  const { text } = await metrics.page();
  return text.split('\n').filter((line) => line.startsWith(name));
}

describe('the metrics page', () => {
  it('reads a figure where it is counted, every time anew, and adds several sources up', async () => {
    const metrics = new Metrics();
    let open = 2;
    metrics.provide('deye_hard_collector_frames_total', () => [
      [open, { code: '0x42' }],
      [1, { code: '0x47' }],
    ]);
    metrics.provide('deye_hard_collector_frames_total', () => [[5, { code: '0x42' }]]);
    metrics.provide('deye_hard_collector_connections', async () => [[open]]);
    await metrics.page();
    open = 3;
    expect(await linesOf(metrics, 'deye_hard_collector_frames_total')).toEqual([
      'deye_hard_collector_frames_total{code="0x42"} 8',
      'deye_hard_collector_frames_total{code="0x47"} 1',
    ]);
    expect(await linesOf(metrics, 'deye_hard_collector_connections')).toContain('deye_hard_collector_connections 3');
  });

  it('files answers by route and class of status', async () => {
    const metrics = new Metrics();
    metrics.observeRequest('GET', '/api/v1/inverters/:id', 404, 0.01);
    metrics.observeRequest('GET', '/api/v1/inverters/:id', 403, 0.3);
    const lines = await linesOf(metrics, 'deye_hard_http_request_duration_seconds');
    const labels = 'method="GET",route="/api/v1/inverters/:id",status="4xx"';
    expect(lines).toContain(`deye_hard_http_request_duration_seconds_bucket{le="0.02",${labels}} 1`);
    expect(lines).toContain(`deye_hard_http_request_duration_seconds_count{${labels}} 2`);
  });

  it('has every figure in docs/metrics.md, and nothing else there', () => {
    const document = readFileSync(new URL('../../docs/metrics.md', import.meta.url), 'utf8');
    const rows = document.split('\n').filter((line) => /^\| `deye_hard_\w+` \|/.test(line));
    expect(rows).toEqual(
      Object.entries<Figure>(FIGURES).map(
        ([name, { type, labels = [], help }]) => `| \`${name}\` | ${type} | ${labels.join(', ') || '–'} | ${help} |`,
      ),
    );
  });
});
