import type { SpeakerView } from '#protocols';
import { Chip } from '../../ui/notice.tsx';
import { words } from './words.ts';

/** How a loudspeaker is, on each of its axes, in words. */
export function SpeakerChips(props: { readonly speaker: SpeakerView }) {
  const { lifecycle, status } = props.speaker;
  if (lifecycle !== 'active')
    return (
      <div className="chips">
        <Chip kind={lifecycle === 'blocked' ? 'bad' : 'plain'}>{words.lifecycle[lifecycle]}</Chip>
      </div>
    );
  const link = status?.link ?? 'unknown';
  const output = status?.output ?? 'normal';
  return (
    <div className="chips">
      <Chip kind={link === 'online' ? 'good' : link === 'offline' ? 'bad' : 'warning'}>
        {words.link[link]}
      </Chip>
      {status?.condition === 'degraded' && <Chip kind="warning">{words.degraded}</Chip>}
      {output !== 'normal' && <Chip kind="warning">{words.output[output]}</Chip>}
    </div>
  );
}
