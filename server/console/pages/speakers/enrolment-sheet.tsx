import type { EnrolmentCode, SpeakerView } from '#protocols';
import { useLoad } from '../../api/hooks.ts';
import { readRootKey } from '../../api/root-key.ts';
import { useSigned } from '../../app/session.tsx';
import { stationName } from '../../app/words.ts';
import { Button } from '../../ui/button.tsx';
import { Code } from '../../ui/code.tsx';
import { Dialog } from '../../ui/dialog.tsx';
import { when } from '../../ui/format.ts';
import { Notice } from '../../ui/notice.tsx';
import { Qr } from '../../ui/qr.tsx';
import { words } from './words.ts';

/** The sheet for who puts a loudspeaker up: shown once, to be printed. */
export function EnrolmentSheet(props: {
  readonly speaker: SpeakerView;
  readonly code: EnrolmentCode;
  readonly onClose: () => void;
}) {
  const { speaker, code } = props;
  const { areas, areaName } = useSigned();
  // Of the station that the loudspeaker belongs to, whoever prints it.
  const station = areas.find(({ id }) => id === speaker.areaId)?.station;
  const root = useLoad('root key', readRootKey);
  const address = new URLSearchParams(code.uri.split('?')[1]).get('u') ?? location.origin;
  return (
    <Dialog title={words.sheetTitle} onClose={props.onClose} wide>
      <div className="stack">
        <Notice kind="warning">{words.sheetOnce}</Notice>
        <div className="actions">
          <Button weight="main" onPress={() => window.print()}>
            {words.print}
          </Button>
          <Button onPress={props.onClose}>{words.close}</Button>
        </div>
        <article className="sheet">
          <p>{station !== undefined && stationName(station)}</p>
          <h1>{words.sheetTitle}</h1>
          <dl className="facts">
            <dt>{words.name}</dt>
            <dd>
              <b>{speaker.name}</b>
            </dd>
            <dt>{words.id}</dt>
            <dd className="mono">{speaker.id}</dd>
            <dt>{words.area}</dt>
            <dd>{areaName(speaker.areaId)}</dd>
            <dt>{words.sheetAddress}</dt>
            <dd className="mono">{address}</dd>
          </dl>
          <Qr svg={code.qrSvg} alt={words.sheetQr} />
          <div>
            <h3>{words.sheetCode}</h3>
            <Code text={code.code} />
            <p>{words.sheetUntil(when(code.expiresAt))}</p>
          </div>
          <ol>
            {words.sheetSteps.map((step) => (
              <li key={step}>{step}</li>
            ))}
          </ol>
          {root.value != null && (
            <p className="small">
              {words.sheetRoot}: <span className="mono">{root.value}</span>
            </p>
          )}
        </article>
      </div>
    </Dialog>
  );
}
