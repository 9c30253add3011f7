import { createHash } from 'node:crypto';
import { grouped } from '#protocols';
import type { StoredHead } from './audit-head-store.ts';

/** A head in words, for mail, paper and the folder; `npm run verify` finds the signed document in it. */
export function headText(head: StoredHead, place: string): string {
  const { n, day, whole, seq, hash, count, issuedAt, document } = head;
  return `${[
    `ĐẦU NHẬT KÝ HỆ THỐNG SỐ ${n}`,
    `Hệ thống truyền thanh – ${place}`,
    whole ? `Ngày: ${day}` : `Ngày: ${day} (lập trong ngày, theo yêu cầu)`,
    `Lập lúc: ${new Date(issuedAt).toISOString()}`,
    `Dòng cuối: ${seq} (${count} dòng kể từ phiếu trước)`,
    'Mã băm của dòng cuối:',
    ...grouped(hash).map((line) => `  ${line}`),
    '',
    'Giữ phiếu này ở ngoài máy chủ. Kiểm tra sau này:',
    `  npm run verify -- --audit TỆP-XUẤT.json --head ${seq}:${hash}`,
    '',
    'Bản có chữ ký:',
    document,
  ].join('\n')}\n`;
}

const STYLE = `
body{font:12pt/1.5 sans-serif;max-width:18cm;margin:1cm auto;color:#000}
h1{font-size:20pt;margin:0}
.hash{font:bold 18pt/1.6 monospace;border:2pt solid #000;padding:.5cm;text-align:center;margin:.6cm 0}
.signed{font:8pt/1.4 monospace;overflow-wrap:anywhere}
.sign{margin-top:1.2cm;display:flex;justify-content:space-between}
`;

/** What a browser may do with that page: show it with its own style, and nothing else. */
export const HEAD_PAGE_POLICY = [
  "default-src 'none'",
  `style-src 'sha256-${createHash('sha256').update(STYLE).digest('base64')}'`,
  ...["object-src 'none'", "base-uri 'none'", "form-action 'none'", "frame-ancestors 'none'"],
].join('; ');

/** The same as one page to print: no script, nothing fetched from anywhere. */
export function headHtml(head: StoredHead, place: string): string {
  const { n, day, whole, seq, hash, count, issuedAt, document } = head;
  return `<!doctype html>
<html lang="vi"><head><meta charset="utf-8"><title>Đầu nhật ký số ${n}</title>
<style>${STYLE}</style></head><body>
<h1>ĐẦU NHẬT KÝ HỆ THỐNG SỐ ${n}</h1>
<p>Hệ thống truyền thanh – ${escaped(place)}<br>Ngày: ${day}${whole ? '' : ' (lập trong ngày, theo yêu cầu)'}<br>
Lập lúc: ${new Date(issuedAt).toISOString()}<br>Dòng cuối: ${seq} (${count} dòng kể từ phiếu trước)</p>
<p>Mã băm của dòng cuối:</p>
<p class="hash">${grouped(hash).join('<br>')}</p>
<p>Cất phiếu này ở ngoài máy chủ. Nếu sau này ai sửa hay xóa một dòng nhật ký cũ hơn dòng ${seq}, mã băm sẽ không còn khớp. Kiểm tra:
<code>npm run verify -- --audit TỆP-XUẤT.json --head ${seq}:${hash}</code></p>
<p>Bản có chữ ký:</p>
<p class="signed">${document}</p>
<p class="sign"><span>Người in phiếu</span><span>Người nhận, cất giữ</span></p>
</body></html>
`;
}

function escaped(text: string): string {
  return text
    .replaceAll('&', '&amp;')
    .replaceAll('<', '&lt;')
    .replaceAll('>', '&gt;')
    .replaceAll('"', '&quot;');
}
