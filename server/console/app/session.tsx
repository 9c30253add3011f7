import { createContext, type ReactNode, useCallback, useContext, useEffect, useMemo, useState } from 'react';
import type { Static } from 'typebox';
import type { AreaListSchema, AreaView, SessionView, SetupState } from '#protocols';
import { call, isApiError } from '../api/client.ts';
import { useLoad } from '../api/hooks.ts';
import { liesWithin } from '../ui/area-tree.ts';
import { Button } from '../ui/button.tsx';
import { setZone } from '../ui/format.ts';
import { ErrorNotice, Waiting } from '../ui/notice.tsx';
import { words } from './words.ts';

/** What a person may do, as the controller names it. It decides again at each request; here it only decides what is shown. */
export type Permission = string;

export interface Signed {
  readonly session: SessionView;
  /** Areas that the person may read. */
  readonly areas: readonly AreaView[];
  readonly may: (permission: Permission) => boolean;
  readonly areaName: (id: string) => string;
  /** Where the person has this permission, with everything below, in the order of the tree. */
  readonly areasFor: (permission: Permission) => readonly AreaView[];
  /** The stations that the person is of. */
  readonly stations: readonly Station[];
  /** An area was renamed, or is of another kind: the areas are read anew. */
  readonly areasChanged: () => void;
  /** Why they could not be. */
  readonly areasError: unknown;
  /** The session changed: a second factor was set up, a password was changed. */
  readonly changed: (session?: SessionView) => void;
  readonly logOut: () => Promise<void>;
}

export type Station = AreaView['station'];

interface Gate {
  readonly setup: SetupState | undefined;
  /** Null: nobody is logged in; undefined: not known yet. */
  readonly session: SessionView | null | undefined;
  readonly error: unknown;
  readonly signedIn: (session: SessionView) => void;
  readonly signedOut: () => void;
  /** Somebody logs out: the controller is being told, or did not hear it. */
  readonly leaving: 'asked' | 'unheard' | null;
  /** Ends the session. Nothing of the person stays on the screen, whether the controller hears it or not. Rejects with `ApiError` where it does not. */
  readonly endSession: () => Promise<void>;
  readonly again: () => void;
}

const GateContext = createContext<Gate | null>(null);
const SignedContext = createContext<Signed | null>(null);

export function useGate(): Gate {
  const gate = useContext(GateContext);
  if (gate === null) throw new Error('outside of the gate');
  return gate;
}

export function useSigned(): Signed {
  const signed = useContext(SignedContext);
  if (signed === null) throw new Error('nobody is logged in here');
  return signed;
}

/** Knows who is logged in, and whose station this is. */
export function GateProvider(props: { readonly children: ReactNode }) {
  const [setup, setSetup] = useState<SetupState>();
  const [session, setSession] = useState<SessionView | null>();
  const [error, setError] = useState<unknown>();
  const [turn, setTurn] = useState(0);
  const [leaving, setLeaving] = useState<Gate['leaving']>(null);

  // biome-ignore lint/correctness/useExhaustiveDependencies: `turn` asks anew
  useEffect(() => {
    let gone = false;
    setError(undefined);
    Promise.all([call<SetupState>('GET', 'setup'), whoAmI()]).then(
      ([state, who]) => {
        if (gone) return;
        setSetup(state);
        setSession(who);
      },
      (caught: unknown) => {
        if (!gone) setError(caught);
      },
    );
    return () => {
      gone = true;
    };
  }, [turn]);

  const signedIn = useCallback((who: SessionView) => {
    setSession(who);
    setSetup((before) => (before === undefined ? before : { ...before, needed: false }));
  }, []);
  const signedOut = useCallback(() => setSession(null), []);
  const endSession = useCallback(async () => {
    setSession(null);
    setLeaving((before) => before ?? 'asked');
    try {
      await call('DELETE', 'session');
    } catch (caught) {
      if (!isApiError(caught, 'request.unauthenticated')) {
        setLeaving('unheard');
        throw caught;
      }
    }
    setLeaving(null);
  }, []);
  const again = useCallback(() => setTurn((before) => before + 1), []);
  const gate = useMemo(
    () => ({ setup, session, error, signedIn, signedOut, leaving, endSession, again }),
    [setup, session, error, signedIn, signedOut, leaving, endSession, again],
  );
  return <GateContext value={gate}>{props.children}</GateContext>;
}

async function whoAmI(): Promise<SessionView | null> {
  try {
    return await call<SessionView>('GET', 'session');
  } catch (error) {
    if (isApiError(error, 'request.unauthenticated')) return null;
    throw error;
  }
}

/** The areas that the person may read, in the order of the tree. Times are told in the zone of the widest. */
async function readAreas(): Promise<readonly AreaView[]> {
  try {
    const { areas } = await call<Static<typeof AreaListSchema>>('GET', 'areas');
    setZone(areas.find(({ parentId }) => parentId === null)?.zone ?? 'Asia/Ho_Chi_Minh');
    return inTreeOrder(areas);
  } catch (error) {
    // Who holds no role any more reads none, and still has pages of the own.
    if (isApiError(error, 'request.forbidden')) return [];
    throw error;
  }
}

/**
 * What pages need of the person who is logged in. They are shown once the areas are read: forms begin with the only area that
 * somebody has, and times are those of its zone.
 */
export function SignedProvider(props: { readonly session: SessionView; readonly children: ReactNode }) {
  const { session, children } = props;
  const { signedOut, endSession } = useGate();
  const { value: areas, error, reload } = useLoad('areas', readAreas);
  useEffect(() => {
    if (isApiError(error, 'request.unauthenticated')) signedOut();
  }, [error, signedOut]);
  if (areas !== undefined)
    return (
      <WithAreas session={session} areas={areas} areasChanged={reload} areasError={error}>
        {children}
      </WithAreas>
    );
  if (error === undefined) return <Waiting />;
  return (
    <main>
      <ErrorNotice error={error} onRetry={reload} />
      {/* Where the controller does not hear it, the page that follows says so. */}
      <Button onPress={() => void endSession().catch(() => undefined)}>{words.logOut}</Button>
    </main>
  );
}

function WithAreas(props: {
  readonly session: SessionView;
  readonly areas: readonly AreaView[];
  readonly areasChanged: () => void;
  readonly areasError: unknown;
  readonly children: ReactNode;
}) {
  const { session, areas, areasChanged, areasError, children } = props;
  const { signedIn, signedOut, endSession } = useGate();

  const signed = useMemo<Signed>(() => {
    const byId = new Map(areas.map((area) => [area.id, area]));
    const may = (permission: Permission) =>
      session.grants.some(({ permissions }) => permissions.includes(permission));
    return {
      session,
      areas,
      may,
      areaName: (id) => {
        const area = byId.get(id);
        return area === undefined ? id : `${area.kind} ${area.name}`;
      },
      areasFor: (permission) => {
        const held = session.grants
          .filter(({ permissions }) => permissions.includes(permission))
          .flatMap(({ areas: ids }) => ids);
        return areas.filter((area) => {
          for (let at: AreaView | undefined = area; at !== undefined; at = byId.get(at.parentId ?? ''))
            if (held.includes(at.id)) return area.retiredAt === null;
          return false;
        });
      },
      stations: stationsOf(session, byId),
      areasChanged,
      areasError,
      changed: (next) => {
        if (next !== undefined) signedIn(next);
        else
          whoAmI().then(
            (who) => (who === null ? signedOut() : signedIn(who)),
            () => undefined,
          );
      },
      logOut: endSession,
    };
  }, [session, areas, areasChanged, areasError, signedIn, signedOut, endSession]);
  return <SignedContext value={signed}>{children}</SignedContext>;
}

/** The stations of the areas in which somebody holds a role, each once; one that lies in another of them is meant with it. */
function stationsOf(session: SessionView, areas: ReadonlyMap<string, AreaView>): readonly Station[] {
  const held = session.grants.flatMap((grant) => grant.areas.map((id) => areas.get(id)));
  const stations = new Map<string, Station>();
  for (const area of held) if (area !== undefined) stations.set(area.station.areaId, area.station);
  const ids = [...stations.keys()];
  return [...stations.values()].filter(({ areaId }) => {
    const above = areas.get(areaId)?.parentId ?? '';
    return !liesWithin(above, ids, areas);
  });
}

/** Each area after the one that holds it. */
function inTreeOrder(areas: readonly AreaView[]): AreaView[] {
  const ids = new Set(areas.map(({ id }) => id));
  const below = (parent: AreaView | undefined): AreaView[] =>
    areas
      .filter(({ parentId }) => (parent === undefined ? !ids.has(parentId ?? '') : parentId === parent.id))
      .sort((a, b) => a.name.localeCompare(b.name, 'vi', { numeric: true }))
      .flatMap((area) => [area, ...below(area)]);
  return below(undefined);
}
