import type { StorageUse } from '#protocols';
import { call } from '../../api/client.ts';
import { useLoad } from '../../api/hooks.ts';
import { size } from '../../ui/format.ts';
import { ErrorNotice, Notice, Waiting } from '../../ui/notice.tsx';
import { words } from './words.ts';

/** What lies on the controller's disk, and how much room is left. */
export function DiskCard() {
  const use = useLoad('storage', (signal) => call<StorageUse>('GET', 'storage', { signal }));
  const { value } = use;
  return (
    <section className="card">
      <h2>{words.disk}</h2>
      <ErrorNotice error={use.error} onRetry={use.reload} />
      {value === undefined && use.error === undefined && <Waiting />}
      {value !== undefined && (
        <>
          {value.state === 'low' && <Notice kind="warning">{words.diskLow}</Notice>}
          {value.state === 'full' && <Notice kind="bad">{words.diskFull}</Notice>}
          <progress
            aria-label={words.disk}
            max={value.disk.totalBytes}
            value={value.disk.totalBytes - value.disk.freeBytes}
          />
          <dl className="facts">
            <dt>{words.diskFree}</dt>
            <dd>{words.diskFreeOf(size(value.disk.freeBytes), size(value.disk.totalBytes))}</dd>
            <dt>{words.database}</dt>
            <dd>{size(value.databaseBytes)}</dd>
            <dt>{words.audio}</dt>
            <dd>{words.audioFiles(value.media.files, size(value.media.bytes))}</dd>
            <dt>{words.backups}</dt>
            <dd>{size(value.backupBytes)}</dd>
            {value.replacedBytes > 0 && (
              <>
                <dt>{words.replaced}</dt>
                <dd>{size(value.replacedBytes)}</dd>
              </>
            )}
          </dl>
        </>
      )}
    </section>
  );
}
