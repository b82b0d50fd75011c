import { describe, expect, test } from 'vitest';
import type { RunRecord } from '../../../src/campaign/run-folder.ts';
import { withCounts } from '../../../src/report/counted-chart.ts';
import { html } from '../../../src/report/html.ts';
import { dataTable, page } from '../../../src/report/page-parts.ts';
import { reproduceCommand } from '../../../src/report/reproduce.ts';
import { inPageColours } from '../../../src/report/style.ts';

describe('a page', () => {
  test('holds what others wrote as text, and allows no script and no network', () => {
    const body = html`<p title="${'" onload="x'}">${'<b>&\u202e</b>'}</p>
      ${dataTable({ columns: ['<i>'], rows: [['</table><script>']] })}`;
    const text = page({ title: '</title><script>', body });
    expect(text).toContain('<p title="&quot; onload=&quot;x">&lt;b&gt;&amp;\\u202e&lt;/b&gt;</p>');
    expect(text).not.toContain('<script');
    expect(text).not.toContain('<i>');
    expect(text).toContain('content="default-src &#39;none&#39;; style-src &#39;unsafe-inline&#39;; img-src data:"');
    expect(text).not.toMatch(/https?:/);
  });

  test('has columns of numbers at the right, missing ones among them', () => {
    const { text } = dataTable({
      columns: ['a', 'b'],
      rows: [
        ['x', 1],
        ['y', null],
        ['z', '12.50 %'],
      ],
    });
    expect(text.match(/class="number"/g)).toHaveLength(4);
  });

  test('gives the colours of figures the names that change with the theme, and leaves others', () => {
    expect(inPageColours('<a fill="#1d2329"/><b stroke="#123456"/>')).toBe(
      '<a fill="var(--ink,#1d2329)"/><b stroke="#123456"/>',
    );
  });
});

describe('the command that makes a run again', () => {
  test('has every setting as a flag, safe to paste', () => {
    const record = {
      campaign: 'other',
      folder: 'my campaigns/x',
      settings: { policy: 'batched', chunkSize: 5, isOn: true, isOff: false, none: null, note: "it's $(rm)" },
    } as unknown as RunRecord;
    expect(reproduceCommand(record)).toBe(
      String.raw`cox run 'my campaigns/x' --policy batched --chunk-size 5 --is-on --note 'it'\''s $(rm)'`,
    );
  });
});

describe('a chart of what happened', () => {
  test('has counts at states that were entered and arrows that were taken, and none elsewhere', () => {
    const place = (name: string): string => `<text class="count" data-count="${name}" x="1"></text>`;
    const counted = withCounts([place('open'), place('never'), place('open/a&gt;b/0')].join(''), {
      states: { open: { entered: 1_204, ms: 204_000 }, never: { entered: 0, ms: 0 } },
      arrows: { 'open/a>b/0': 7 },
    });
    expect([...counted.matchAll(/>([^<]*)<\/text>/g)].map(([, text]) => text)).toEqual(['1,204 · 3.4 min', '', '7']);
  });
});
