import {
  ANNOUNCEMENT_STATES,
  AUDIO_STATES,
  BROADCAST_STATES,
  DELIVERY_STATES,
  ERRORS,
  SPEAKER_LIFECYCLE,
  SPEAKER_LINK,
  type StateTable,
  TOPIC_ROOT,
  TOPICS,
} from '#protocols';
import { AGENT_VARIABLES } from '../../device-agent/config.ts';
import { DEMUXERS } from '../../media/formats.ts';
import { SERVER_VARIABLES } from '../../server/config/variables.ts';
import { ASVS_STATES, asvsCounts, readAsvsMap } from './asvs-map.ts';

/** A Markdown table. Cells must not hold line breaks. */
function table(head: readonly string[], rows: readonly (readonly string[])[]): string {
  const line = (cells: readonly string[]) =>
    `| ${cells.map((cell) => cell.replaceAll('|', '\\|')).join(' | ')} |`;
  return [line(head), `|${head.map(() => '---').join('|')}|`, ...rows.map(line)].join('\n');
}

const FORMS = { jws: 'signed (JWS)', json: 'JSON', word: 'JSON, signed' } as const;

function topics(): string {
  const rows = Object.values(TOPICS).map((topic) => [
    `\`${TOPIC_ROOT}/${topic.pattern}\``,
    topic.direction === 'down' ? 'to speakers' : 'from speakers',
    String(topic.qos),
    FORMS[topic.form],
    topic.says,
  ]);
  return table(['topic', 'direction', 'QoS', 'form', 'what it says'], rows);
}

function errors(): string {
  const rows = Object.entries(ERRORS)
    .sort(([a], [b]) => (a < b ? -1 : 1))
    .map(([code, { status, message }]) => [`\`${code}\``, String(status), message]);
  return table(['code', 'HTTP', 'sentence'], rows);
}

interface Variable {
  readonly name: string;
  readonly default: string | null;
  readonly meaning: string;
}

function variables(list: readonly Variable[]): string {
  const rows = list.map((variable) => [
    `\`${variable.name}\``,
    variable.default === null || variable.default === '' ? '–' : `\`${variable.default}\``,
    variable.meaning,
  ]);
  return table(['variable', 'default', 'meaning'], rows);
}

function diagram(title: string, states: StateTable<string>): string {
  const arrows = Object.entries(states).flatMap(([from, next]) =>
    next.length === 0 ? [`  ${from} --> [*]`] : next.map((to) => `  ${from} --> ${to}`),
  );
  return [`**${title}**`, '', '```mermaid', 'stateDiagram-v2', ...arrows, '```'].join('\n');
}

function states(): string {
  return [
    diagram('Announcement', ANNOUNCEMENT_STATES),
    diagram('Its audio', AUDIO_STATES),
    diagram('Broadcast', BROADCAST_STATES),
    diagram('Delivery', DELIVERY_STATES),
    diagram('Speaker: lifecycle', SPEAKER_LIFECYCLE),
    diagram('Speaker: link', SPEAKER_LINK),
  ].join('\n\n');
}

/** Everything in the documents that follows from the code, by the name between the marks. */
export const GENERATED: Readonly<Record<string, () => string>> = {
  topics,
  errors,
  states,
  'server-variables': () => variables(Object.values(SERVER_VARIABLES)),
  'agent-variables': () => variables(Object.values(AGENT_VARIABLES)),
  'audio-formats': () => DEMUXERS.map((name) => `\`${name}\``).join(', '),
  'asvs-counts': () => table(['chapter', ...ASVS_STATES, 'all'], asvsCounts(readAsvsMap())),
};

/** Documents that hold generated parts. */
export const DOCUMENTS = ['README.md', 'ARCHITECTURE.md', 'docs/errors.md', 'docs/asvs.md'] as const;

const PART = /<!-- generated: ([a-z-]+) -->\n[\s\S]*?<!-- \/generated -->/g;

/** The text with every generated part made anew. Throws on a name that nothing generates. */
export function regenerate(text: string): string {
  return text.replace(PART, (_part, name: string) => {
    const make = GENERATED[name];
    if (make === undefined) throw new Error(`nothing generates "${name}"`);
    return `<!-- generated: ${name} -->\n${make()}\n<!-- /generated -->`;
  });
}
