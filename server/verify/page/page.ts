import { type Evidence, type EvidenceVerdict, verifyEvidence } from '#evidence';
import { nobleCrypto } from '../noble-crypto.ts';
import { readEvidence } from '../read-evidence.ts';
import { deliveryWords, soundedAt, verdictLines } from '../summary.ts';

function element(id: string): HTMLElement {
  const found = document.getElementById(id);
  if (found === null) throw new Error(`the page has no "${id}"`);
  return found;
}

/** Shows a verdict on the evidence in `text`: a file of its own, or inside a page like this one. Texts are set as texts, never as markup. */
function check(text: string): void {
  try {
    const evidence = readEvidence(text);
    show(evidence, verifyEvidence(nobleCrypto, evidence));
  } catch (error) {
    showVerdict(false, [
      `SAI: đây không phải tệp chứng cứ đọc được (${error instanceof Error ? error.message : String(error)})`,
    ]);
  }
}

function show(evidence: Evidence, verdict: EvidenceVerdict): void {
  const day = new Intl.DateTimeFormat('vi-VN', { dateStyle: 'medium', timeZone: 'Asia/Ho_Chi_Minh' });
  const instant = new Intl.DateTimeFormat('vi-VN', {
    dateStyle: 'short',
    timeStyle: 'medium',
    timeZone: 'Asia/Ho_Chi_Minh',
  });
  element('what').textContent =
    `${evidence.area}, từ ${day.format(evidence.from)} đến ${day.format(evidence.to - 1)}; xuất lúc ${instant.format(evidence.exportedAt)}`;
  showVerdict(verdict.holds, [...verdictLines(verdict), ...verdict.broken.slice(1)]);
  fill(
    'speakers',
    verdict.speakers.map(({ id, name, area, keys, journals }) => [
      `${name} (${id})`,
      area,
      keys.join(' '),
      journals.map(({ epoch, first, last }) => `${epoch}: ${first ?? '–'}–${last ?? '–'}`).join('; '),
      journals.map(({ broken }) => broken ?? 'khớp').join('; ') || 'không có dòng nào',
    ]),
  );
  const names = new Map(evidence.speakers.map(({ id, name }) => [id, name]));
  fill(
    'deliveries',
    verdict.deliveries.map((delivery) => {
      const { at, seconds } = soundedAt(delivery);
      return [
        at === null ? '–' : instant.format(at),
        delivery.order?.title ?? delivery.broadcastId,
        names.get(delivery.speakerId) ?? delivery.speakerId,
        `${seconds} giây`,
        deliveryWords(delivery),
      ];
    }),
  );
}

function showVerdict(holds: boolean, lines: readonly string[]): void {
  const box = element('verdict');
  box.className = holds ? 'holds' : 'broken';
  box.replaceChildren(...lines.map((line) => withText('p', line)));
}

function fill(id: string, rows: readonly (readonly string[])[]): void {
  const body = element(id).querySelector('tbody');
  body?.replaceChildren(
    ...rows.map((cells) => {
      const row = document.createElement('tr');
      row.append(...cells.map((cell) => withText('td', cell)));
      return row;
    }),
  );
}

function withText(tag: 'p' | 'td', text: string): HTMLElement {
  const made = document.createElement(tag);
  made.textContent = text;
  return made;
}

element('other').addEventListener('change', ({ target }) => {
  const file = target instanceof HTMLInputElement ? target.files?.[0] : undefined;
  void file?.text().then(check);
});
const inside = element('evidence').textContent ?? 'null';
if (inside === 'null') showVerdict(false, ['Hãy mở một tệp chứng cứ.']);
else check(inside);
