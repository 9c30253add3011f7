import type { EvidenceVerdict, ProvedDelivery } from '#evidence';

/** What a loudspeaker reports of a broadcast, in words of the screens. "Played" is its word, until sound is checked. */
export function deliveryWords({ delivery }: ProvedDelivery): string {
  const { state, code, plays, flags } = delivery;
  const words: Readonly<Record<string, string>> = {
    ready: 'đã sẵn sàng',
    playing: 'đang phát',
    finished: 'cụm loa báo đã phát',
    interrupted: 'bị ngắt',
    failed: 'lỗi',
    missed: 'không phát',
    cancelled: 'đã hủy',
    refused: 'từ chối',
  };
  const why = code === null ? '' : ` (${code})`;
  const silent = plays.some(({ output }) => output === 'null')
    ? ', đầu ra không tiếng: không tính là đã phát'
    : '';
  const odd = flags.length === 0 ? '' : ` [${flags.join(', ')}]`;
  return `${words[state] ?? state}${why}${silent}${odd}`;
}

/** When the first attempt sounded and how long its content was, for a table. */
export function soundedAt({ delivery }: ProvedDelivery): {
  readonly at: number | null;
  readonly seconds: number;
} {
  const at = delivery.plays.find(({ startedAt }) => startedAt !== null)?.startedAt ?? null;
  const ms = delivery.plays.reduce(
    (sum, { fromMs, toMs, skippedMs }) => sum + Math.max(0, (toMs ?? fromMs) - fromMs - skippedMs),
    0,
  );
  return { at, seconds: Math.round(ms / 1000) };
}

/** The first lines of a result: what was checked, and whether it holds. */
export function verdictLines(verdict: EvidenceVerdict): string[] {
  const journals = verdict.speakers.flatMap(({ journals: all }) => all);
  const lines = journals.reduce((sum, { proved }) => sum + proved.length, 0);
  const signatures = journals.reduce((sum, journal) => sum + journal.signatures, 0);
  const forks = journals.reduce((sum, journal) => sum + journal.forks.length, 0);
  const partial = journals.filter(({ first, fromGenesis }) => first !== null && !fromGenesis).length;
  return [
    verdict.holds ? 'ĐÚNG: mọi mắt xích đều khớp.' : `SAI: mắt xích hỏng đầu tiên: ${verdict.firstBroken}`,
    `Khóa gốc: ${verdict.roots.join(', ')} (đối chiếu với phiếu cài đặt cụm loa)`,
    `Đã kiểm: ${verdict.statements} bản công bố khóa, ${verdict.ordersProved} lệnh có chữ ký, ${verdict.speakers.length} cụm loa, ${journals.length} nhật ký, ${lines} dòng, ${signatures} chữ ký.`,
    ...(forks === 0
      ? []
      : [`Chú ý: ${forks} dòng rẽ nhánh (cụm loa kể hai chuyện khác nhau dưới cùng một số).`]),
    ...(partial === 0 ? [] : [`${partial} nhật ký là trích đoạn: các dòng trước đó không nằm trong tệp.`]),
  ];
}
