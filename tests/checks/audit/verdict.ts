import type { Explanation } from './explanations.ts';
import { auditReportCodec, type Finding, findingsOf } from './report.ts';

export interface AuditVerdict {
  /** 0: every finding is explained · 1: one is not, or its explanation is too old · 3: nothing could be checked. */
  readonly code: 0 | 1 | 3;
  readonly lines: readonly string[];
}

/**
 * What an answer of `npm audit --json` means. `today`: YYYY-MM-DD. An answer that is no report is "not checked", whatever npm's exit code: a
 * registry that refuses must never look like a clean result.
 */
export function auditVerdict(
  answer: string,
  explanations: readonly Explanation[],
  today: string,
): AuditVerdict {
  let findings: Finding[];
  try {
    findings = findingsOf(auditReportCodec.parse(answer));
  } catch {
    const said = /"message":\s*"([^"]*)"/.exec(answer)?.[1] ?? 'the answer is no audit report';
    return { code: 3, lines: [`not checked: ${said.replace(/https?:\/\/\S+/g, 'the registry')}`] };
  }
  if (findings.length === 0) return { code: 0, lines: ['checked: no known advisory for what is installed'] };
  let open = 0;
  const lines = findings.flatMap((finding) => {
    const explanation = explanations.find(({ id }) => finding.url.endsWith(id));
    const current = explanation !== undefined && explanation.until >= today;
    if (!current) open++;
    const through = finding.broughtBy.filter((name) => name !== finding.package);
    return [
      `${finding.severity}: ${finding.package} ${finding.range}: ${finding.title}`,
      `  ${finding.url}; ${through.length === 0 ? 'a dependency of ours' : `through ${through.join(', ')}`}; cure: ${finding.cure}`,
      explanation === undefined
        ? '  NOT EXPLAINED: update, or say in tests/checks/audit/explanations.ts why it does not reach us'
        : `  ${current ? '' : 'TOO OLD: '}${explanation.why} (looked at until ${explanation.until})`,
    ];
  });
  const closing = `checked: ${findings.length} findings, ${open} not explained`;
  return { code: open === 0 ? 0 : 1, lines: [...lines, closing] };
}
