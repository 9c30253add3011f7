import { useState } from 'react';
import type { Static } from 'typebox';
import type { SpeakerListSchema, SpeakerView } from '#protocols';
import { call, query } from '../../api/client.ts';
import { useLoad } from '../../api/hooks.ts';
import { readPages } from '../../api/pages.ts';
import { CommuneNotice } from '../../app/commune-notice.tsx';
import { useSigned } from '../../app/session.tsx';
import { AreaField } from '../../ui/area-field.tsx';
import { Button } from '../../ui/button.tsx';
import { TextField } from '../../ui/fields.tsx';
import { ErrorNotice, Notice, Waiting } from '../../ui/notice.tsx';
import { AddSpeaker, type NewSpeaker } from './add-speaker.tsx';
import { EnrolmentSheet } from './enrolment-sheet.tsx';
import { SpeakerChips } from './speaker-chips.tsx';
import { SpeakerDialog } from './speaker-dialog.tsx';
import { words } from './words.ts';

const PAGE = 500;
const ASK_EVERY_MS = 15_000;

interface Listed {
  readonly speakers: readonly SpeakerView[];
  readonly more: boolean;
}

/** So many pages of the list, as one. */
async function readSpeakers(area: string, pages: number, signal: AbortSignal): Promise<Listed> {
  const read = await readPages(pages, (after) =>
    call<Static<typeof SpeakerListSchema>>('GET', `speakers${query({ area, after, limit: PAGE })}`, {
      signal,
    }),
  );
  return { speakers: read.flatMap(({ speakers }) => speakers), more: read.at(-1)?.next !== null };
}

export default function SpeakersPage() {
  const { may, areaName } = useSigned();
  const [area, setArea] = useState('');
  const [search, setSearch] = useState('');
  const [pages, setPages] = useState(1);
  const [adding, setAdding] = useState(false);
  const [openId, setOpenId] = useState<string>();
  const [sheet, setSheet] = useState<NewSpeaker>();
  const list = useLoad(
    `speakers ${area} ${pages}`,
    (signal) => readSpeakers(area, pages, signal),
    ASK_EVERY_MS,
  );
  const all = list.value?.speakers ?? [];
  const wanted = search.trim().toLowerCase();
  const shown = all.filter(({ id, name }) => `${id} ${name}`.toLowerCase().includes(wanted));
  const inUse = all.filter(({ lifecycle }) => lifecycle === 'active' || lifecycle === 'enrolled');
  const online = inUse.filter(({ status }) => status?.link === 'online').length;
  const open = all.find(({ id }) => id === openId);
  const showSheet = (made: NewSpeaker) => {
    setAdding(false);
    setOpenId(undefined);
    setSheet(made);
    list.reload();
  };
  return (
    <div className="stack">
      <div className="page-head">
        <h1>{words.title}</h1>
        {may('speaker:provision') && (
          <Button weight="main" onPress={() => setAdding(true)}>
            {words.add}
          </Button>
        )}
      </div>
      <div className="filters">
        <AreaField
          label={words.area}
          permission="speaker:read"
          value={area}
          onChange={setArea}
          every={words.everyArea}
        />
        <TextField label={words.search} value={search} onChange={setSearch} maxLength={64} />
      </div>
      <CommuneNotice />
      <ErrorNotice error={list.error} onRetry={list.reload} />
      {list.value === undefined && list.error === undefined && <Waiting />}
      {list.value !== undefined && (
        <section className="card">
          {all.length === 0 ? (
            <Notice kind="info">{words.none}</Notice>
          ) : (
            <p className="soft">{words.counts(online, inUse.length)}</p>
          )}
          {all.length > 0 && shown.length === 0 && <p>{words.noneFound}</p>}
          <ul className="rows">
            {shown.map((speaker) => (
              <li key={speaker.id}>
                <div>
                  <b>{speaker.name}</b>
                  <div className="soft small">
                    <span className="mono">{speaker.id}</span>, {areaName(speaker.areaId)}
                  </div>
                </div>
                <SpeakerChips speaker={speaker} />
                <Button label={`${words.details}: ${speaker.name}`} onPress={() => setOpenId(speaker.id)}>
                  {words.details}
                </Button>
              </li>
            ))}
          </ul>
          {list.value.more && <Button onPress={() => setPages(pages + 1)}>{words.more}</Button>}
        </section>
      )}
      {adding && <AddSpeaker onMade={showSheet} onClose={() => setAdding(false)} />}
      {open !== undefined && (
        <SpeakerDialog
          speaker={open}
          onSheet={showSheet}
          onChanged={list.reload}
          onClose={() => setOpenId(undefined)}
        />
      )}
      {sheet !== undefined && (
        <EnrolmentSheet speaker={sheet.speaker} code={sheet.enrolment} onClose={() => setSheet(undefined)} />
      )}
    </div>
  );
}
