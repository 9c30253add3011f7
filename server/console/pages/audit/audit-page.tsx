import { useState } from 'react';
import { useSigned } from '../../app/session.tsx';
import { Tabs } from '../../ui/tabs.tsx';
import { AuditEntries } from './audit-entries.tsx';
import { HeadsList } from './heads-list.tsx';
import { words } from './words.ts';

type Part = 'entries' | 'heads';

export default function AuditPage() {
  const { areasFor } = useSigned();
  const [open, setOpen] = useState<Part>('entries');
  // A head is of the whole log: for whoever may read all of it.
  const whole = areasFor('audit:read').some(({ parentId }) => parentId === null);
  return (
    <div className="stack">
      <h1>{words.title}</h1>
      {whole && (
        <Tabs<Part>
          label={words.title}
          tabs={[
            { name: 'entries', title: words.entries },
            { name: 'heads', title: words.heads },
          ]}
          open={open}
          onOpen={setOpen}
        />
      )}
      {open === 'entries' ? <AuditEntries /> : <HeadsList />}
    </div>
  );
}
