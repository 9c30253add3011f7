import { spawnSync } from 'node:child_process';
import { repoRoot } from '../helpers/repo-root.ts';
import { EXPLANATIONS } from './audit/explanations.ts';
import { auditVerdict } from './audit/verdict.ts';

// npm ends with 1 for findings and for a registry that refuses: only its answer tells them apart.
const { stdout } = spawnSync('npm', ['audit', '--json'], {
  cwd: repoRoot,
  encoding: 'utf8',
  maxBuffer: 2 ** 28,
  shell: process.platform === 'win32',
});
const { code, lines } = auditVerdict(stdout ?? '', EXPLANATIONS, new Date().toISOString().slice(0, 10));
for (const line of lines) process.stdout.write(`${line}\n`);
process.exitCode = code;
