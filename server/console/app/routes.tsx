import { type ComponentType, type LazyExoticComponent, lazy, type ReactNode } from 'react';
import { PageLink } from '../ui/button.tsx';
import { Notice } from '../ui/notice.tsx';
import { useSigned } from './session.tsx';
import { words } from './words.ts';

interface Page {
  readonly path: string;
  readonly name: keyof typeof words.nav;
  /** Permissions, one of which makes the page worth showing; null: everybody has it. */
  readonly needs: readonly string[] | null;
  readonly View: LazyExoticComponent<ComponentType>;
}

/** Every page behind the login, each loaded when it is opened first. */
export const PAGES: readonly Page[] = [
  {
    path: '/approvals',
    name: 'approvals',
    needs: ['announcement:approve', 'announcement:write'],
    View: lazy(() => import('../pages/approvals/approvals-page.tsx')),
  },
  {
    path: '/speakers',
    name: 'speakers',
    needs: ['speaker:read'],
    View: lazy(() => import('../pages/speakers/speakers-page.tsx')),
  },
  {
    path: '/collisions',
    name: 'collisions',
    needs: ['broadcast:read'],
    View: lazy(() => import('../pages/collisions/collisions-page.tsx')),
  },
  {
    path: '/areas',
    name: 'areas',
    needs: ['area:write'],
    View: lazy(() => import('../pages/areas/areas-page.tsx')),
  },
  {
    path: '/people',
    name: 'people',
    needs: ['account:read'],
    View: lazy(() => import('../pages/people/people-page.tsx')),
  },
  {
    path: '/pairing',
    name: 'pairing',
    needs: ['phone:pair'],
    View: lazy(() => import('../pages/pairing/pairing-page.tsx')),
  },
  {
    path: '/tokens',
    name: 'tokens',
    needs: ['token:read'],
    View: lazy(() => import('../pages/tokens/tokens-page.tsx')),
  },
  {
    path: '/backups',
    name: 'backups',
    needs: ['backup:read'],
    View: lazy(() => import('../pages/backups/backups-page.tsx')),
  },
  {
    path: '/storage',
    name: 'storage',
    needs: ['backup:read'],
    View: lazy(() => import('../pages/storage/storage-page.tsx')),
  },
  {
    path: '/audit',
    name: 'audit',
    needs: ['audit:read'],
    View: lazy(() => import('../pages/audit/audit-page.tsx')),
  },
  {
    path: '/account',
    name: 'account',
    needs: null,
    View: lazy(() => import('../pages/account/account-page.tsx')),
  },
];

/** The page at an address; at "/" the first one that this person may use. */
export function Routes(props: { readonly path: string; readonly missing: ReactNode }) {
  const { may } = useSigned();
  const allowed = PAGES.filter(({ needs }) => needs === null || needs.some((one) => may(one)));
  const page = props.path === '/' ? allowed[0] : allowed.find(({ path }) => path === props.path);
  return page === undefined ? props.missing : <page.View />;
}

export function NotFound() {
  return (
    <div className="stack">
      <Notice kind="warning">{words.noPage}</Notice>
      <PageLink to="/">{words.home}</PageLink>
    </div>
  );
}
