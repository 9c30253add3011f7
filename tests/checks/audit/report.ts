import Type, { type Static } from 'typebox';
import { codec } from '#protocols';

const AdvisorySchema = Type.Object({
  source: Type.Number(),
  title: Type.String(),
  url: Type.String(),
  severity: Type.String(),
  range: Type.String(),
});

/** What `npm audit --json` answers (its report version 2), as far as we read it. */
const AuditReportSchema = Type.Object({
  auditReportVersion: Type.Literal(2),
  vulnerabilities: Type.Record(
    Type.String(),
    Type.Object({
      name: Type.String(),
      isDirect: Type.Boolean(),
      via: Type.Array(Type.Union([AdvisorySchema, Type.String()])),
      effects: Type.Array(Type.String()),
      fixAvailable: Type.Union([
        Type.Boolean(),
        Type.Object({ name: Type.String(), version: Type.String(), isSemVerMajor: Type.Boolean() }),
      ]),
    }),
  ),
});
export type AuditReport = Static<typeof AuditReportSchema>;
export const auditReportCodec = codec('npm audit report', AuditReportSchema);

/** One advisory for one package that we install. */
export interface Finding {
  readonly package: string;
  readonly severity: string;
  readonly title: string;
  /** Its page, which ends in its id (GHSA-…). */
  readonly url: string;
  readonly range: string;
  /** The packages of package.json that bring it. */
  readonly broughtBy: readonly string[];
  /** How it can be mended: a version, "npm audit fix", or not yet. */
  readonly cure: string;
}

/** Every advisory of a report, the gravest first; each once for the package that has the fault. */
export function findingsOf({ vulnerabilities }: AuditReport): Finding[] {
  const findings: Finding[] = [];
  for (const { name, via, fixAvailable } of Object.values(vulnerabilities))
    for (const advisory of via) {
      if (typeof advisory === 'string') continue;
      const { severity, title, url, range } = advisory;
      const broughtBy = direct(name, vulnerabilities);
      findings.push({ package: name, severity, title, url, range, broughtBy, cure: cureOf(fixAvailable) });
    }
  return findings.sort((a, b) => rank(a) - rank(b) || a.package.localeCompare(b.package));
}

/** The direct dependencies through which a package comes: follows who is affected by it, upwards. */
function direct(name: string, all: AuditReport['vulnerabilities'], seen = new Set<string>()): string[] {
  const found = all[name];
  if (found === undefined || seen.has(name)) return [];
  seen.add(name);
  const above = found.effects.flatMap((effect) => direct(effect, all, seen));
  return [...(found.isDirect ? [name] : []), ...above];
}

function cureOf(fix: AuditReport['vulnerabilities'][string]['fixAvailable']): string {
  if (fix === true) return 'npm audit fix';
  if (fix === false) return 'no fixed version yet';
  return `${fix.name} ${fix.version}${fix.isSemVerMajor ? ' (a new major version)' : ''}`;
}

function rank({ severity }: Finding): number {
  const order = ['critical', 'high', 'moderate', 'low', 'info'];
  const at = order.indexOf(severity);
  return at < 0 ? order.length : at;
}
