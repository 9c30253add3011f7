import type { StorageUse } from '#protocols';
import { call } from '../../api/client.ts';
import { useLoad } from '../../api/hooks.ts';
import { useSigned } from '../../app/session.tsx';
import { ErrorNotice, Waiting } from '../../ui/notice.tsx';
import { DiskCard } from './disk-card.tsx';
import { RetentionCard } from './retention-card.tsx';
import { words } from './words.ts';

/** What lies on the controller's disk, and how long it stays there. */
export default function StoragePage() {
  const { may } = useSigned();
  const use = useLoad('storage', (signal) => call<StorageUse>('GET', 'storage', { signal }));
  return (
    <div className="stack">
      <h1>{words.title}</h1>
      <ErrorNotice error={use.error} onRetry={use.reload} />
      {use.value === undefined && use.error === undefined && <Waiting />}
      {use.value !== undefined && (
        <>
          <DiskCard use={use.value} />
          {may('backup:write') && <RetentionCard use={use.value} onChanged={use.reload} />}
        </>
      )}
    </div>
  );
}
