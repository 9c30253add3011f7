// tests/unit/zz_tmp/server.ts
import { createServer as createServer2 } from "node:http";
import { monitorEventLoopDelay } from "node:perf_hooks";

// protocols/kit/backoff.ts
function* backoff(options) {
  const { baseMs, maxMs, factor = 2, random = Math.random } = options;
  let ceiling = Math.min(baseMs, maxMs);
  while (true) {
    yield ceiling / 2 + random() * (ceiling / 2);
    ceiling = Math.min(ceiling * factor, maxMs);
  }
}

// protocols/kit/clock.ts
var LONGEST_NODE_TIMER_MS = 2 ** 31 - 1;
var SystemClock = class {
  /** Wall-clock instant of the monotonic zero, as far as whole milliseconds tell. */
  #origin = Date.now() - performance.now();
  now() {
    const fine = this.#origin + performance.now();
    const whole = Date.now();
    const kept = Math.min(Math.max(fine, whole), whole + 0.999);
    this.#origin += kept - fine;
    return kept;
  }
  monotonic() {
    return performance.now();
  }
  setTimer(name, delayMs, fire) {
    const due = this.monotonic() + delayMs;
    let handle;
    const arm = () => {
      const rest = due - this.monotonic();
      if (rest > LONGEST_NODE_TIMER_MS) handle = setTimeout(arm, LONGEST_NODE_TIMER_MS);
      else handle = setTimeout(fire, Math.max(0, rest));
    };
    arm();
    return { name, cancel: () => clearTimeout(handle) };
  }
};

// protocols/kit/lifecycle.ts
var DisposerStack = class {
  #steps = [];
  /** Remembers one thing to undo. */
  defer(name, undo) {
    this.#steps.push({ name, undo });
  }
  async dispose() {
    const failures = [];
    for (let step = this.#steps.pop(); step !== void 0; step = this.#steps.pop()) {
      try {
        await step.undo();
      } catch (cause) {
        failures.push(new Error(`could not stop ${step.name}`, { cause }));
      }
    }
    if (failures.length > 0)
      throw new AggregateError(failures, `${failures.length} parts did not stop cleanly`);
  }
};
var Lifecycle = class {
  #phase = "stopped";
  #change = Promise.resolve();
  #background = /* @__PURE__ */ new Set();
  /** What `onStart` acquired; undone in reverse by `stop`. */
  disposers = new DisposerStack();
  get running() {
    return this.#phase === "running";
  }
  start() {
    if (this.#phase === "starting" || this.#phase === "running") return this.#change;
    const before = this.#change.catch(() => void 0);
    this.#phase = "starting";
    this.#change = before.then(async () => {
      try {
        await this.onStart();
        this.#phase = "running";
      } catch (error) {
        this.#phase = "stopped";
        await this.disposers.dispose().catch(() => void 0);
        throw error;
      }
    });
    return this.#change;
  }
  stop() {
    if (this.#phase === "stopping" || this.#phase === "stopped") return this.#change.catch(() => void 0);
    const before = this.#change.catch(() => void 0);
    this.#change = before.then(async () => {
      if (this.#phase === "stopped") return;
      this.#phase = "stopping";
      try {
        await this.disposers.dispose();
        await this.idle();
      } finally {
        this.#phase = "stopped";
      }
    });
    return this.#change;
  }
  /** Runs work that nobody awaits, so that `stop` can wait for it. Its failure goes to `onError`. */
  background(work, onError) {
    const settled = work.catch(onError).finally(() => this.#background.delete(settled));
    this.#background.add(settled);
  }
  /** Resolves when no background work is left, including what finishing work started. */
  async idle() {
    while (this.#background.size > 0) await Promise.all(this.#background);
  }
};

// protocols/content.ts
import Type2 from "typebox";

// protocols/schema.ts
import Type from "typebox";
import { Compile } from "typebox/compile";

// protocols/errors/error.ts
function errorTable(table) {
  return table;
}
function fillMessage(message, params) {
  return message.replace(/\{(\w+)\}/g, (place, name) => String(params[name] ?? place));
}

// protocols/errors/api.ts
var apiErrors = errorTable({
  "request.invalid": { status: 400, message: "The request is not valid: {reason}." },
  "request.unauthenticated": {
    status: 401,
    message: 'No valid token came with the request. Send "Authorization: Bearer <token>".'
  },
  "request.forbidden": { status: 403, message: '"{actor}" may not "{permission}" in area "{area}".' },
  "request.not_found": { status: 404, message: 'There is no {what} "{id}".' },
  "request.route_unknown": { status: 404, message: "There is no route {method} {path}." },
  "request.too_large": { status: 413, message: "The request body has more than {limit} bytes." },
  "request.conflict": { status: 409, message: '{what} "{id}" is {state}: expected {expected}.' },
  "request.key_missing": {
    status: 400,
    message: 'This request acts: send an "Idempotency-Key" header (8 to 128 visible characters), the same one when you try again.'
  },
  "request.key_reused": {
    status: 409,
    message: 'Idempotency-Key "{key}" was used for another request. Use a new key for a new act.'
  },
  "request.key_in_use": {
    status: 409,
    message: 'The first request with Idempotency-Key "{key}" is still running. Try again in a moment.'
  },
  "policy.outside_window": {
    status: 409,
    message: 'Area "{area}" has no broadcasting window open at {at} ({zone}). Windows: {windows}.'
  },
  "policy.session_too_long": {
    status: 409,
    message: 'The broadcast would last {minutes} minutes; area "{area}" allows at most {limit}.'
  },
  "request.unsupported_media_type": {
    status: 415,
    message: 'The request body is "{type}": expected {expected}.'
  },
  "request.range_unsatisfiable": {
    status: 416,
    message: 'The file has {bytes} bytes; "{range}" asks for none of them.'
  },
  "request.too_many_streams": {
    status: 503,
    message: "{open} event streams are open already. Close one and try again."
  },
  "area.retired": { status: 409, message: 'Area "{id}" is dissolved: choose one that is in use.' },
  "area.unknown_zone": {
    status: 422,
    message: '"{zone}" is not an IANA time zone: expected one like "Asia/Ho_Chi_Minh".'
  },
  "policy.invalid": { status: 422, message: "The policy is not valid: {reason}." },
  "upload.lost": {
    status: 500,
    message: 'The upload of job "{id}" is gone: the controller stopped before it was prepared. Send the file again.'
  },
  "upload.no_file": {
    status: 400,
    message: 'The form has no file: expected multipart/form-data with one part "file" (and "area" before it or in the query).'
  },
  "announcement.no_audio": {
    status: 409,
    message: 'Announcement "{id}" has no audio yet: attach a prepared file first.'
  },
  "announcement.audio_changed": {
    status: 409,
    message: 'The audio of announcement "{id}" is {held} now, not {given}: listen to it again before approving.'
  },
  "announcement.four_eyes": {
    status: 403,
    message: '"{actor}" composed announcement "{id}": somebody else has to approve it.'
  },
  "broadcast.no_targets": {
    status: 409,
    message: "No loudspeaker in use is meant by these targets. Enter loudspeakers first, or choose other areas."
  },
  "broadcast.starts_in_past": {
    status: 409,
    message: "The broadcast would start at {startsAt}, which is past. Give a later instant."
  },
  "broadcast.too_many_areas": {
    status: 409,
    message: "The order would have {bytes} bytes; at most {limit} are taken. Choose a wider area instead of many small ones."
  },
  "speaker.secret_in_use": {
    status: 409,
    message: 'Loudspeaker "{id}" has connected with its secret already: the secret is not shown again.'
  },
  "storage.busy": { status: 503, message: "The database is held by another process. Try again in a moment." },
  "server.internal": {
    status: 500,
    message: "Something failed inside the controller. It has been logged under request id {requestId}."
  }
});

// protocols/errors/journal.ts
var journalErrors = errorTable({
  "journal.bad_chain": {
    status: 400,
    message: 'Entry {seq} of the journal of "{speakerId}" does not follow from the one before it.'
  },
  "journal.bad_signature": {
    status: 400,
    message: 'The batch up to entry {seq} of the journal of "{speakerId}" is not signed by key "{keyId}".'
  },
  "journal.unknown_key": {
    status: 400,
    message: 'Key "{keyId}" is not registered for loudspeaker "{speakerId}".'
  },
  "journal.gap": {
    status: 409,
    message: 'The batch starts at entry {firstSeq}; entry {expectedSeq} is still missing from "{speakerId}".'
  }
});

// protocols/errors/media.ts
var mediaErrors = errorTable({
  "media.empty": {
    status: 422,
    message: "The file is empty (0 bytes): expected audio. Choose the file again."
  },
  "media.unrecognised": {
    status: 422,
    message: "The file is not audio in a known format ({reason}). Bring wav, mp3, m4a, aac, ogg, opus, webm, flac, amr or 3gp."
  },
  "media.no_audio": {
    status: 422,
    message: "The file ({format}) holds no sound track. Choose a file with sound in it."
  },
  "media.truncated": {
    status: 422,
    message: "The file ({format}) is cut off: {detail}. Copy or record it again, whole."
  },
  "media.corrupt": {
    status: 422,
    message: "The file ({format}) is damaged: {detail}. Copy or export it again."
  },
  "media.silent": {
    status: 422,
    message: "The file holds only silence: its loudest passage is at {loudest} dBFS, expected at least {expected} dBFS. Check the microphone and record again."
  },
  "media.clipped": {
    status: 422,
    message: "The recording is overdriven: {percent} % of it is at full scale, at most {limit} % is taken. Record again with a lower input level."
  },
  "media.too_short": {
    status: 422,
    message: "The sound lasts {durationMs} ms without the silence around it; at least {limitMs} ms are expected."
  },
  "media.too_long": {
    status: 422,
    message: "The sound is longer than the {limitSeconds} s that are allowed. Cut it into parts."
  },
  "media.too_large": {
    status: 413,
    message: "The file has {bytes} bytes; at most {limit} are taken. Send it compressed (mp3, m4a, opus), or cut it into parts."
  },
  "media.unsupported_channels": {
    status: 422,
    message: "The sound track has {channels} channels; 1 to {limit} are taken. Export it as mono or stereo."
  },
  "media.unsupported_rate": {
    status: 422,
    message: "The sound track has {rate} samples a second; {lowest} to {highest} are taken. Export it at 48000."
  },
  "media.format_changes": {
    status: 422,
    message: "The sound track changes its sample rate or channels midway. Export it again in one format."
  },
  "media.loudness_unreachable": {
    status: 422,
    message: "The sound cannot be brought to {targetLufs} LUFS at {limitDb} dBTP (reached: {lufs} LUFS, {truePeakDb} dBTP): its peaks stand too far above the rest. Record again, without knocks and clicks."
  },
  "media.time_limit": {
    status: 422,
    message: "Preparing the file was stopped after {limitSeconds} s: it needs far more work than its size promises. Export it again, as mp3 or wav."
  },
  "media.output_limit": {
    status: 422,
    message: "Preparing the file was stopped: it grew past {limit} bytes. Cut it into parts."
  },
  "media.cancelled": { status: 409, message: "Preparing the file was cancelled." },
  "media.decoder_missing": {
    status: 503,
    message: 'No usable {program} was found ({reason}). Install it ("apt-get install ffmpeg") and start again.'
  },
  "media.decoder_failed": { status: 500, message: "The {program} stopped while {stage}: {reason}." },
  "media.disk_full": {
    status: 507,
    message: "The disk is full: the audio could not be written. Free some space and try again."
  },
  "media.queue_full": {
    status: 503,
    message: "{waiting} files are waiting to be prepared already. Try again when some are done."
  },
  "media.not_stored": { status: 404, message: 'No audio "{sha256}" is in the store.' },
  "media.hash_mismatch": {
    status: 500,
    message: 'The audio stored as "{sha256}" has hash "{actual}": the disk changed it. Restore it from a backup or bring it in again.'
  }
});

// protocols/errors/order.ts
var orderErrors = errorTable({
  "document.malformed": { status: 400, message: "The {document} cannot be read: {reason}." },
  "document.too_large": {
    status: 413,
    message: "The {document} has {bytes} bytes; at most {limit} are taken."
  },
  "document.unsigned": {
    status: 400,
    message: 'The {document} is not signed with a known key (key id "{keyId}"): expected one that the root key names for "{use}".'
  },
  "document.bad_signature": {
    status: 400,
    message: 'The signature of the {document} does not match its bytes (key id "{keyId}").'
  },
  "document.unknown_version": {
    status: 400,
    message: "The {document} has version {version}; this end speaks version {expected}. Update the older end."
  },
  "document.unknown_kind": {
    status: 400,
    message: 'The {document} is of kind "{kind}", which this end does not know.'
  },
  "document.stale_revision": {
    status: 409,
    message: "The {document} has revision {revision}; revision {held} is already held."
  },
  "order.expired": { status: 409, message: 'Order "{orderId}" expired at {expiresAt}.' },
  "order.not_for_us": {
    status: 409,
    message: 'Order "{orderId}" does not name loudspeaker "{speakerId}" or an area it lies in.'
  },
  "order.replayed": { status: 409, message: 'Order "{orderId}" was already handled here.' },
  "order.unsupported": {
    status: 422,
    message: 'Order "{orderId}" requires "{capability}", which this loudspeaker does not have.'
  },
  "order.outside_window": {
    status: 409,
    message: 'Order "{orderId}" would sound outside its broadcasting window ({opensAt} to {closesAt}).'
  },
  "order.time_untrusted": {
    status: 409,
    message: `Order "{orderId}" is not played: this loudspeaker's time is not trusted yet.`
  },
  "order.muted": { status: 409, message: 'Order "{orderId}" is not played: the loudspeaker is muted.' },
  "order.maintenance": {
    status: 409,
    message: 'Order "{orderId}" is not played: the loudspeaker is under maintenance.'
  },
  "order.already_played": { status: 409, message: 'Broadcast "{broadcastId}" already sounded here.' },
  "order.too_late": { status: 409, message: 'Order "{orderId}" could not start before its latest start.' },
  "order.cancelled": { status: 409, message: 'Broadcast "{broadcastId}" was cancelled.' },
  "order.preempted": { status: 409, message: 'Order "{orderId}" gave way to an emergency.' },
  "order.hard_end": { status: 409, message: 'Order "{orderId}" was cut at its hard end.' },
  "order.agent_restarted": {
    status: 409,
    message: 'Order "{orderId}" was cut off: the loudspeaker stopped or lost its power.'
  },
  "message.unknown_topic": { status: 400, message: 'Topic "{topic}" is not in the topic table.' },
  "message.wrong_sender": {
    status: 403,
    message: 'Loudspeaker "{speakerId}" sent a message for "{claimed}".'
  },
  "message.disconnected": {
    status: 503,
    message: 'The broker is not connected: the message for "{topic}" was not handed over. It is tried again.'
  },
  "message.overflow": {
    status: 503,
    message: 'Too many messages for "{topic}" are waiting ({limit}): this one was not taken. It comes again.'
  }
});

// protocols/errors/playback.ts
var playbackErrors = errorTable({
  "output.missing": {
    status: 500,
    message: 'Output "{output}" could not open device "{device}": {reason}. Check the cable, the configured name and that nothing else holds it.'
  },
  "output.failed": { status: 500, message: 'Output "{output}" stopped taking sound: {reason}.' },
  "decoder.missing": {
    status: 500,
    message: 'The decoder "{decoder}" cannot be run. Install ffmpeg or correct the configured path.'
  },
  "decoder.failed": { status: 500, message: "The decoder stopped ({exitCode}): {reason}." },
  "cache.disk_full": { status: 507, message: "No room for {bytes} bytes of audio; {free} are free." },
  "cache.too_large": { status: 413, message: "The content has {bytes} bytes; at most {limit} are taken." },
  "cache.hash_mismatch": { status: 502, message: 'The content fetched for "{sha256}" has hash "{actual}".' },
  "cache.unreachable": { status: 502, message: 'The content "{sha256}" could not be fetched: {reason}.' },
  "storage.disk_full": { status: 507, message: 'The disk is full: "{file}" could not be written.' }
});

// protocols/errors/index.ts
var ERRORS = {
  ...apiErrors,
  ...journalErrors,
  ...mediaErrors,
  ...orderErrors,
  ...playbackErrors
};
var DomainError = class extends Error {
  code;
  params;
  constructor(code, params = {}, options) {
    super(fillMessage(ERRORS[code].message, params), options);
    this.name = "DomainError";
    this.code = code;
    this.params = params;
  }
  /** HTTP status of this code. */
  get status() {
    return ERRORS[this.code].status;
  }
};

// protocols/schema.ts
var InstantSchema = Type.Integer({ minimum: 0, maximum: 864e13 });
var DurationSchema = Type.Integer({ minimum: 0, maximum: 31 * 24 * 36e5 });
var Sha256Schema = Type.String({ pattern: "^[0-9a-f]{64}$" });
var IdSchema = Type.String({ pattern: "^[a-z0-9][a-z0-9_-]{0,63}$" });
var PublicKeySchema = Type.String({ pattern: "^[A-Za-z0-9_-]{43}$" });
var KeyIdSchema = Type.String({ pattern: "^k[A-Za-z0-9_-]{21}$" });
var CodeSchema = Type.String({ pattern: "^[a-z0-9_]+([.:][a-z0-9_]+)*$", maxLength: 64 });
var RevisionSchema = Type.Integer({ minimum: 0, maximum: Number.MAX_SAFE_INTEGER });
var VersionedSchema = Type.Object({ v: Type.Integer() });
function codec(name, schema, version) {
  const compiled = Compile(schema);
  const versioned = Compile(VersionedSchema);
  const check = (value) => {
    if (version !== void 0 && versioned.Check(value) && value.v !== version)
      throw new DomainError("document.unknown_version", {
        document: name,
        version: value.v,
        expected: version
      });
    if (compiled.Check(value)) return value;
    const [first] = compiled.Errors(value);
    const reason = first ? `${first.instancePath || "/"} ${first.message}` : "it has another shape";
    throw new DomainError("document.malformed", { document: name, reason });
  };
  return {
    name,
    schema,
    check,
    parse(bytes) {
      let value;
      try {
        value = JSON.parse(
          typeof bytes === "string" ? bytes : new TextDecoder("utf-8", { fatal: true }).decode(bytes)
        );
      } catch {
        throw new DomainError("document.malformed", { document: name, reason: "it is not JSON in UTF-8" });
      }
      return check(value);
    }
  };
}

// protocols/content.ts
var CHUNK_BYTES = 16384;
var MAX_CONTENT_BYTES = 256 * 1024 * 1024;
var FileContentSchema = Type2.Object({
  kind: Type2.Literal("file"),
  sha256: Sha256Schema,
  bytes: Type2.Integer({ minimum: 1, maximum: MAX_CONTENT_BYTES }),
  durationMs: DurationSchema,
  /** SHA-256 of the chunk list's exact bytes, so that an urgent item can start before the whole file has come. */
  chunkListSha256: Type2.Union([Sha256Schema, Type2.Null()]),
  /** Path below the controller's HTTP address, query included. */
  path: Type2.String({ pattern: "^/[!-~]{0,511}$" }),
  mediaType: Type2.String({ maxLength: 128 })
});
var AnyContentSchema = Type2.Object({ kind: CodeSchema });
var ChunkListSchema = Type2.Object({
  v: Type2.Literal(1),
  sha256: Sha256Schema,
  bytes: Type2.Integer({ minimum: 1, maximum: MAX_CONTENT_BYTES }),
  chunkBytes: Type2.Literal(CHUNK_BYTES),
  chunks: Type2.Array(Sha256Schema, { minItems: 1, maxItems: MAX_CONTENT_BYTES / CHUNK_BYTES })
});
var chunkListCodec = codec("chunk list", ChunkListSchema, 1);

// protocols/documents/assignment.ts
import Type3 from "typebox";
var HoldSchema = Type3.Object({
  by: Type3.String({ minLength: 1, maxLength: 128 }),
  reason: Type3.String({ maxLength: 512 }),
  until: Type3.Union([InstantSchema, Type3.Null()])
});
var AssignmentSchema = Type3.Object({
  v: Type3.Literal(1),
  speakerId: IdSchema,
  revision: RevisionSchema,
  /** Ancestry, from the widest area to the speaker's own. */
  areas: Type3.Array(IdSchema, { minItems: 1, maxItems: 16 }),
  /** IANA zone, for display on the loudspeaker only: instants are computed by the controller. */
  zone: Type3.String({ minLength: 1, maxLength: 64 }),
  volume: Type3.Object({
    gainDb: Type3.Number({ minimum: -60, maximum: 20 }),
    /** The sum of all gains is cut to this. */
    capDb: Type3.Number({ minimum: -60, maximum: 20 })
  }),
  mute: Type3.Union([HoldSchema, Type3.Null()]),
  maintenance: Type3.Union([HoldSchema, Type3.Null()]),
  /** Further addresses of the controller; they add to the enrolled one and never replace it. */
  endpoints: Type3.Array(Type3.String({ pattern: "^(https?|wss?|mqtts?)://[!-~]{1,500}$" }), { maxItems: 8 }),
  issuedAt: InstantSchema
});
var assignmentCodec = codec("assignment", AssignmentSchema, 1);

// protocols/documents/jws.ts
import { CompactSign, compactVerify, decodeProtectedHeader } from "jose";

// protocols/ids.ts
import { createHash, randomBytes } from "node:crypto";
function sha256(bytes) {
  return createHash("sha256").update(bytes).digest("hex");
}

// protocols/documents/jws.ts
var MAX_DOCUMENT_BYTES = 64 * 1024 - 512;

// protocols/documents/key-statement.ts
import Type4 from "typebox";
var KeyUseSchema = Type4.Union([
  Type4.Literal("order"),
  Type4.Literal("assignment"),
  Type4.Literal("plan"),
  Type4.Literal("latch"),
  Type4.Literal("time")
]);
var KeyStatementSchema = Type4.Object({
  v: Type4.Literal(1),
  n: Type4.Integer({ minimum: 1 }),
  previous: Type4.Union([Sha256Schema, Type4.Null()]),
  roots: Type4.Array(PublicKeySchema, { minItems: 1, maxItems: 8 }),
  keys: Type4.Array(
    Type4.Object({
      kid: KeyIdSchema,
      publicKey: PublicKeySchema,
      uses: Type4.Array(Type4.Union([KeyUseSchema, Type4.String({ maxLength: 32 })]), { maxItems: 16 })
    }),
    { maxItems: 32 }
  ),
  issuedAt: InstantSchema
});
var keyStatementCodec = codec("key statement", KeyStatementSchema, 1);

// protocols/documents/order.ts
import Type6 from "typebox";

// protocols/targets.ts
import Type5 from "typebox";
var MAX_PERSONAL_TARGETS = 200;
var TargetsSchema = Type5.Object({
  areas: Type5.Array(IdSchema, { maxItems: 64 }),
  speakers: Type5.Array(IdSchema, { maxItems: MAX_PERSONAL_TARGETS }),
  excludeAreas: Type5.Array(IdSchema, { maxItems: 64 }),
  excludeSpeakers: Type5.Array(IdSchema, { maxItems: MAX_PERSONAL_TARGETS })
});

// protocols/documents/order.ts
var PrioritySchema = Type6.Union([
  Type6.Literal("normal"),
  Type6.Literal("priority"),
  Type6.Literal("emergency")
]);
var OrderHeaderSchema = Type6.Object({
  v: Type6.Literal(1),
  kind: CodeSchema,
  id: IdSchema,
  broadcastId: IdSchema,
  revision: RevisionSchema,
  targets: TargetsSchema,
  /** Capabilities that a loudspeaker needs to obey this order (see `AGENT_CAPABILITIES`). */
  requires: Type6.Array(CodeSchema, { maxItems: 32 }),
  issuedAt: InstantSchema,
  /** After this instant the order is refused, however it came. */
  expiresAt: InstantSchema
});
var orderHeaderCodec = codec("order", OrderHeaderSchema, 1);
var WindowSchema = Type6.Object({ opensAt: InstantSchema, closesAt: InstantSchema });
var WindowOverrideSchema = Type6.Object({
  by: Type6.String({ minLength: 1, maxLength: 128 }),
  reason: Type6.String({ minLength: 1, maxLength: 512 })
});
var ChimeSchema = Type6.Object({ kind: Type6.Literal("stored"), name: IdSchema });
var PlayOrderSchema = Type6.Intersect([
  OrderHeaderSchema,
  Type6.Object({
    kind: Type6.Literal("play"),
    priority: PrioritySchema,
    title: Type6.String({ maxLength: 256 }),
    /** First frame of content at this instant. */
    startsAt: InstantSchema,
    /** A loudspeaker that is not ready by then does not start any more and reports `missed`. */
    latestStartAt: InstantSchema,
    /** Silence from this instant on, even in mid-word. */
    hardEndAt: InstantSchema,
    content: Type6.Union([FileContentSchema, AnyContentSchema]),
    chime: Type6.Union([ChimeSchema, Type6.Null()]),
    repeat: Type6.Object({
      count: Type6.Integer({ minimum: 1, maximum: 100 }),
      intervalMs: DurationSchema
    }),
    /** Added to the loudspeaker's own gain; `ignoreCap` lifts the assignment's cap (emergency). */
    volume: Type6.Object({ gainDb: Type6.Number({ minimum: -60, maximum: 20 }), ignoreCap: Type6.Boolean() }),
    window: Type6.Union([WindowSchema, Type6.Null()]),
    windowOverride: Type6.Union([WindowOverrideSchema, Type6.Null()]),
    /** The broadcast that this one makes good; a loudspeaker that played ≥ 90 % of that one refuses. */
    makesGoodOf: Type6.Union([IdSchema, Type6.Null()]),
    /** What to do after a pre-emption. */
    afterInterruption: Type6.Union([Type6.Literal("resume"), Type6.Literal("drop")]),
    /** An exercise: marked in every record. */
    drill: Type6.Boolean(),
    /** Latches that an emergency order lifts. */
    releases: Type6.Array(IdSchema, { maxItems: 16 })
  })
]);
var playOrderCodec = codec("play order", PlayOrderSchema, 1);
var CancelOrderSchema = Type6.Intersect([
  OrderHeaderSchema,
  Type6.Object({
    kind: Type6.Literal("cancel"),
    reason: Type6.String({ maxLength: 512 }),
    by: Type6.String({ minLength: 1, maxLength: 128 })
  })
]);
var cancelOrderCodec = codec("cancel order", CancelOrderSchema, 1);

// protocols/documents/time-reply.ts
import Type7 from "typebox";
var NonceSchema = Type7.String({ pattern: "^[A-Za-z0-9_-]{22,43}$" });
var TimeReplySchema = Type7.Object({
  v: Type7.Literal(1),
  nonce: NonceSchema,
  receivedAt: Type7.Number({ minimum: 0 }),
  sentAt: Type7.Number({ minimum: 0 })
});
var timeReplyCodec = codec("time reply", TimeReplySchema, 1);

// protocols/http/announcements.ts
import Type9 from "typebox";

// protocols/http/common.ts
import Type8 from "typebox";
function strict(properties) {
  return Type8.Object(properties, { additionalProperties: false });
}
function nullable(schema) {
  return Type8.Union([schema, Type8.Null()]);
}
var ErrorBodySchema = Type8.Object({
  error: Type8.Object({
    code: CodeSchema,
    message: Type8.String(),
    params: Type8.Record(
      Type8.String(),
      Type8.Union([Type8.String(), Type8.Number(), Type8.Boolean(), Type8.Null()])
    ),
    requestId: Type8.String()
  })
});
var IDEMPOTENCY_HEADER = "idempotency-key";
var IdempotencyHeadersSchema = Type8.Object({
  [IDEMPOTENCY_HEADER]: Type8.Optional(
    Type8.String({
      description: "8 to 128 visible characters, new for each act, the same one when it is tried again"
    })
  )
});
var IdParamsSchema = Type8.Object({ id: IdSchema });
var PageQuerySchema = strict({
  area: Type8.Optional(IdSchema),
  limit: Type8.Optional(Type8.Integer({ minimum: 1, maximum: 200, default: 50 })),
  before: Type8.Optional(IdSchema)
});
var NameSchema = Type8.String({
  minLength: 1,
  maxLength: 256,
  pattern: "^[^\\x00-\\x1f]*\\S[^\\x00-\\x1f]*$"
});

// protocols/http/announcements.ts
var OriginSchema = Type9.Union([
  Type9.Literal("own"),
  Type9.Literal("relay"),
  Type9.Literal("source_system"),
  Type9.Literal("notice")
]);
var LanguageSchema = Type9.String({ pattern: "^[a-z]{2,3}(-[A-Za-z0-9]{2,8})*$" });
var AnnouncementSchema = Type9.Object({
  id: IdSchema,
  areaId: IdSchema,
  title: Type9.String(),
  category: Type9.String(),
  origin: OriginSchema,
  language: Type9.String(),
  priority: PrioritySchema,
  text: nullable(Type9.String()),
  state: Type9.Union([
    Type9.Literal("draft"),
    Type9.Literal("submitted"),
    Type9.Literal("approved"),
    Type9.Literal("rejected"),
    Type9.Literal("withdrawn")
  ]),
  mediaSha256: nullable(Sha256Schema),
  approvedSha256: nullable(Sha256Schema),
  rejectedReason: nullable(Type9.String()),
  createdBy: Type9.String(),
  createdAt: InstantSchema,
  updatedAt: InstantSchema
});
var AnnouncementListSchema = Type9.Object({ announcements: Type9.Array(AnnouncementSchema) });
var contents = {
  category: Type9.Optional(Type9.String({ maxLength: 64 })),
  origin: Type9.Optional(OriginSchema),
  language: Type9.Optional(LanguageSchema),
  priority: Type9.Optional(PrioritySchema),
  text: Type9.Optional(nullable(Type9.String({ maxLength: 2e4 }))),
  /** Prepared audio, by its hash (a media job's `medium.sha256`). */
  mediaSha256: Type9.Optional(nullable(Sha256Schema))
};
var AnnouncementCreateSchema = strict({ areaId: IdSchema, title: NameSchema, ...contents });
var AnnouncementChangeSchema = strict({ title: Type9.Optional(NameSchema), ...contents });
var ApprovalSchema = strict({ sha256: Sha256Schema });
var RejectionSchema = strict({ reason: Type9.String({ minLength: 1, maxLength: 1e3 }) });

// protocols/http/areas.ts
import Type10 from "typebox";
var PolicyWindowSchema = strict({
  days: Type10.Array(Type10.Integer({ minimum: 1, maximum: 7 }), { minItems: 1, maxItems: 7 }),
  opens: Type10.String({ pattern: "^([01][0-9]|2[0-3]):[0-5][0-9]$" }),
  closes: Type10.String({ pattern: "^(([01][0-9]|2[0-3]):[0-5][0-9]|24:00)$" })
});
var PolicySchema = strict({
  windows: Type10.Array(PolicyWindowSchema, { maxItems: 64 }),
  /** Longest session in minutes, repeats and pauses included; null: no limit. */
  sessionMinutes: nullable(Type10.Integer({ minimum: 1, maximum: 1440 })),
  /** The paper behind it: "Quyết định 1387/QĐ-UBND". */
  legalBasis: Type10.String({ maxLength: 512 })
});
var AreaSchema = Type10.Object({
  id: IdSchema,
  parentId: nullable(IdSchema),
  kind: Type10.String(),
  name: Type10.String(),
  /** IANA zone in force, inherited or own. */
  zone: Type10.String(),
  ownZone: nullable(Type10.String()),
  /** The policy in force, and the area that it comes from (null: the built-in one). */
  policy: PolicySchema,
  policyFrom: nullable(IdSchema),
  createdAt: InstantSchema,
  retiredAt: nullable(InstantSchema)
});
var AreaListSchema = Type10.Object({ areas: Type10.Array(AreaSchema) });
var AreaCreateSchema = strict({
  /** Chosen by the client, or made here. */
  id: Type10.Optional(IdSchema),
  parentId: IdSchema,
  kind: Type10.String({ minLength: 1, maxLength: 32 }),
  name: NameSchema,
  zone: Type10.Optional(nullable(Type10.String({ minLength: 1, maxLength: 64 })))
});
var AreaChangeSchema = strict({
  kind: Type10.Optional(Type10.String({ minLength: 1, maxLength: 32 })),
  name: Type10.Optional(NameSchema),
  zone: Type10.Optional(nullable(Type10.String({ minLength: 1, maxLength: 64 }))),
  /** Null: the parent's again. */
  policy: Type10.Optional(nullable(PolicySchema))
});

// protocols/http/broadcasts.ts
import Type11 from "typebox";
var MAX_NAMED_SPEAKERS = 1e4;
var AreaIdsSchema = Type11.Array(IdSchema, { maxItems: 64 });
var TargetRequestSchema = strict({
  areas: Type11.Optional(AreaIdsSchema),
  speakers: Type11.Optional(Type11.Array(IdSchema, { maxItems: MAX_NAMED_SPEAKERS })),
  excludeAreas: Type11.Optional(AreaIdsSchema),
  excludeSpeakers: Type11.Optional(Type11.Array(IdSchema, { maxItems: MAX_PERSONAL_TARGETS }))
});
var PlayRequestSchema = strict({
  announcementId: IdSchema,
  targets: TargetRequestSchema,
  /** The instant of the first word; by default `leadMs` from now. */
  startsAt: Type11.Optional(InstantSchema),
  /** Time for loudspeakers to fetch the audio. */
  leadMs: Type11.Optional(Type11.Integer({ minimum: 0, maximum: 864e5 })),
  /** A loudspeaker that is ready up to this much later still starts. */
  latenessMs: Type11.Optional(Type11.Integer({ minimum: 0, maximum: 864e5 })),
  repeat: Type11.Optional(
    strict({
      count: Type11.Integer({ minimum: 1, maximum: 100 }),
      /** Silence between two repetitions. */
      intervalMs: Type11.Optional(DurationSchema)
    })
  ),
  gainDb: Type11.Optional(Type11.Number({ minimum: -60, maximum: 20 })),
  /** Leave to sound outside the windows; needs "broadcast:override". */
  windowOverride: Type11.Optional(strict({ reason: Type11.String({ minLength: 1, maxLength: 512 }) })),
  /** An exercise, marked so in every record. */
  drill: Type11.Optional(Type11.Boolean())
});
var CancelRequestSchema = strict({ reason: Type11.String({ minLength: 1, maxLength: 512 }) });
var BroadcastStateSchema = Type11.Union([
  Type11.Literal("planned"),
  Type11.Literal("issued"),
  Type11.Literal("on_air"),
  Type11.Literal("interrupted"),
  Type11.Literal("resumed"),
  Type11.Literal("completed"),
  Type11.Literal("partial"),
  Type11.Literal("failed"),
  Type11.Literal("cancelled")
]);
var DeliveryStateSchema = Type11.Union([
  Type11.Literal("pending"),
  Type11.Literal("accepted"),
  Type11.Literal("ready"),
  Type11.Literal("playing"),
  Type11.Literal("finished"),
  Type11.Literal("refused"),
  Type11.Literal("failed"),
  Type11.Literal("interrupted"),
  Type11.Literal("missed"),
  Type11.Literal("cancelled")
]);
var BroadcastSchema = Type11.Object({
  id: IdSchema,
  announcementId: IdSchema,
  areaId: IdSchema,
  title: Type11.String(),
  priority: PrioritySchema,
  state: BroadcastStateSchema,
  startsAt: InstantSchema,
  latestStartAt: InstantSchema,
  hardEndAt: InstantSchema,
  targets: Type11.Object({
    areas: Type11.Array(IdSchema),
    speakers: Type11.Array(IdSchema),
    excludeAreas: Type11.Array(IdSchema),
    excludeSpeakers: Type11.Array(IdSchema)
  }),
  targetCount: Type11.Integer(),
  drill: Type11.Boolean(),
  makesGoodOf: nullable(IdSchema),
  cancelReason: nullable(Type11.String()),
  createdBy: Type11.String(),
  createdAt: InstantSchema
});
var BroadcastListSchema = Type11.Object({ broadcasts: Type11.Array(BroadcastSchema) });
var DeliveryCountsSchema = Type11.Object({
  pending: Type11.Integer(),
  accepted: Type11.Integer(),
  ready: Type11.Integer(),
  playing: Type11.Integer(),
  finished: Type11.Integer(),
  refused: Type11.Integer(),
  failed: Type11.Integer(),
  interrupted: Type11.Integer(),
  missed: Type11.Integer(),
  cancelled: Type11.Integer()
});
var BroadcastDetailSchema = Type11.Object({
  broadcast: BroadcastSchema,
  counts: DeliveryCountsSchema,
  /** Targets that report having sounded all of it. */
  played: Type11.Integer(),
  /** Targets whose own word is missing although the broadcast is over: our view, never final. */
  unconfirmed: Type11.Integer()
});
var DeliveryListQuerySchema = strict({
  state: Type11.Optional(DeliveryStateSchema),
  limit: Type11.Optional(Type11.Integer({ minimum: 1, maximum: 1e3, default: 200 })),
  /** Last speaker id of the page before; pages are in order of speaker id. */
  after: Type11.Optional(IdSchema)
});
var PlaySchema = Type11.Object({
  play: Type11.Integer(),
  state: Type11.String(),
  plannedAt: nullable(Type11.Number()),
  startedAt: nullable(Type11.Number()),
  startErrorMs: nullable(Type11.Number()),
  endedAt: nullable(Type11.Number()),
  fromMs: Type11.Number(),
  toMs: nullable(Type11.Number()),
  uncertaintyMs: Type11.Number(),
  evidence: Type11.String(),
  output: nullable(Type11.String()),
  code: nullable(Type11.String())
});
var DeliveryListSchema = Type11.Object({
  deliveries: Type11.Array(
    Type11.Object({
      speakerId: IdSchema,
      state: DeliveryStateSchema,
      /** Whether it counts as played: the loudspeaker reports that all of it sounded. */
      played: Type11.Boolean(),
      unconfirmed: Type11.Boolean(),
      code: nullable(Type11.String()),
      flags: Type11.Array(Type11.String()),
      answeredAt: nullable(InstantSchema),
      updatedAt: nullable(InstantSchema),
      plays: Type11.Array(PlaySchema)
    })
  ),
  next: nullable(IdSchema)
});

// protocols/http/media.ts
import Type12 from "typebox";
var MediaParamsSchema = Type12.Object({ sha256: Sha256Schema });
var MediumSchema = Type12.Object({
  sha256: Sha256Schema,
  bytes: Type12.Integer(),
  durationMs: Type12.Integer(),
  integratedLufs: Type12.Number(),
  truePeakDb: Type12.Number(),
  chunkListSha256: Sha256Schema,
  createdAt: InstantSchema
});
var MediaJobSchema = Type12.Object({
  id: IdSchema,
  areaId: IdSchema,
  state: Type12.Union([
    Type12.Literal("queued"),
    Type12.Literal("running"),
    Type12.Literal("ready"),
    Type12.Literal("failed"),
    Type12.Literal("cancelled")
  ]),
  stage: Type12.String(),
  /** 0 to 1. */
  progress: Type12.Number(),
  sourceName: Type12.String(),
  sourceBytes: Type12.Integer(),
  /** What was made, when ready. */
  medium: nullable(MediumSchema),
  error: nullable(Type12.Object({ code: Type12.String(), message: Type12.String() })),
  createdBy: Type12.String(),
  createdAt: InstantSchema,
  endedAt: nullable(InstantSchema)
});
var UploadQuerySchema = strict({ area: Type12.Optional(IdSchema) });

// protocols/http/speakers.ts
import Type16 from "typebox";

// protocols/messages/speaker.ts
import Type14 from "typebox";

// protocols/journal/entry.ts
import Type13 from "typebox";
var OutputKindSchema = Type13.Union([
  Type13.Literal("alsa"),
  Type13.Literal("pulse"),
  Type13.Literal("file"),
  Type13.Literal("null")
]);
var EvidenceSchema = Type13.Union([Type13.Literal("none"), Type13.Literal("reported")]);
var JournalEntrySchema = Type13.Object({
  v: Type13.Literal(1),
  /** Names this journal: a loudspeaker whose disk was replaced starts another. */
  epoch: IdSchema,
  /** From 1, without gaps. */
  seq: Type13.Integer({ minimum: 1 }),
  /** SHA-256 of the line before; for the first, of `genesis(speakerId, epoch)`. */
  prev: Sha256Schema,
  /** When it happened, by the speaker's best knowledge. */
  at: InstantSchema,
  /** Bound of that knowledge in ms; null while time was not trusted. */
  clockErrorMs: Type13.Union([Type13.Number({ minimum: 0 }), Type13.Null()]),
  kind: CodeSchema,
  orderId: Type13.Optional(IdSchema),
  orderHash: Type13.Optional(Sha256Schema),
  broadcastId: Type13.Optional(IdSchema),
  contentSha256: Type13.Optional(Sha256Schema),
  /** Attempt inside the delivery, from 1. */
  play: Type13.Optional(Type13.Integer({ minimum: 1 })),
  /** An error code of the registry, or of a later version's. */
  code: Type13.Optional(CodeSchema),
  plannedAt: Type13.Optional(InstantSchema),
  /** Real instant of the first frame less the planned one, ms. */
  startErrorMs: Type13.Optional(Type13.Number()),
  /** Range of the content that sounded, ms from its start. */
  fromMs: Type13.Optional(Type13.Number({ minimum: 0 })),
  toMs: Type13.Optional(Type13.Number({ minimum: 0 })),
  /** How far `toMs` may be off, ms. */
  uncertaintyMs: Type13.Optional(Type13.Number({ minimum: 0 })),
  output: Type13.Optional(OutputKindSchema),
  evidence: Type13.Optional(EvidenceSchema),
  /** Level of what was written to the output, dBFS. */
  meanDb: Type13.Optional(Type13.Number()),
  peakDb: Type13.Optional(Type13.Number()),
  detail: Type13.Optional(Type13.String({ maxLength: 512 }))
});
var journalEntryCodec = codec("journal entry", JournalEntrySchema, 1);

// protocols/messages/speaker.ts
var SessionEpochSchema = Type14.Integer({ minimum: 1, maximum: Number.MAX_SAFE_INTEGER });
var HeldDocumentSchema = Type14.Object({ revision: RevisionSchema, hash: Sha256Schema });
var JournalStatusSchema = Type14.Object({
  epoch: IdSchema,
  oldestSeq: Type14.Integer({ minimum: 1 }),
  lastSeq: Type14.Integer({ minimum: 0 }),
  lastHash: Sha256Schema
});
var TrustSchema = Type14.Union([
  Type14.Literal("untrusted"),
  Type14.Literal("trusted"),
  Type14.Literal("disputed")
]);
var HelloSchema = Type14.Object({
  v: Type14.Literal(1),
  sessionEpoch: SessionEpochSchema,
  agentVersion: Type14.String({ maxLength: 32 }),
  bootId: Type14.String({ maxLength: 64 }),
  capabilities: Type14.Array(CodeSchema, { maxItems: 64 }),
  /** Journal-signing key, raw. Registered at the first hello; another one later is refused and flagged. */
  publicKey: PublicKeySchema,
  assignment: Type14.Union([HeldDocumentSchema, Type14.Null()]),
  /** The assignment itself, when the controller asked for it (`want`). */
  assignmentDocument: Type14.Optional(Type14.String({ maxLength: 16384 })),
  journal: JournalStatusSchema
});
var helloCodec = codec("hello", HelloSchema, 1);
var AnswerSchema = Type14.Object({
  v: Type14.Literal(1),
  orderId: IdSchema,
  orderHash: Sha256Schema,
  broadcastId: IdSchema,
  answer: Type14.Union([Type14.Literal("accepted"), Type14.Literal("refused")]),
  code: Type14.Optional(CodeSchema),
  at: InstantSchema
});
var answerCodec = codec("answer", AnswerSchema, 1);
var ProgressSchema = Type14.Object({
  v: Type14.Literal(1),
  broadcastId: IdSchema,
  phase: Type14.Union([Type14.Literal("downloading"), Type14.Literal("ready"), Type14.Literal("playing")]),
  /** Share done of the download or of the content, 0 to 1. */
  fraction: Type14.Number({ minimum: 0, maximum: 1 }),
  startErrorMs: Type14.Optional(Type14.Number()),
  at: InstantSchema
});
var progressCodec = codec("progress", ProgressSchema, 1);
var HealthSchema = Type14.Object({
  v: Type14.Literal(1),
  sessionEpoch: SessionEpochSchema,
  at: InstantSchema,
  agentVersion: Type14.String({ maxLength: 32 }),
  uptimeSeconds: Type14.Number({ minimum: 0 }),
  cpuTemperatureC: Type14.Union([Type14.Number(), Type14.Null()]),
  load1: Type14.Number({ minimum: 0 }),
  memory: Type14.Object({ totalBytes: Type14.Number({ minimum: 0 }), freeBytes: Type14.Number({ minimum: 0 }) }),
  disk: Type14.Object({ totalBytes: Type14.Number({ minimum: 0 }), freeBytes: Type14.Number({ minimum: 0 }) }),
  network: Type14.Object({
    interface: Type14.Union([Type14.String({ maxLength: 32 }), Type14.Null()]),
    address: Type14.Union([Type14.String({ maxLength: 64 }), Type14.Null()]),
    receivedBytes: Type14.Union([Type14.Number({ minimum: 0 }), Type14.Null()]),
    sentBytes: Type14.Union([Type14.Number({ minimum: 0 }), Type14.Null()])
  }),
  output: Type14.Object({
    kind: OutputKindSchema,
    ok: Type14.Boolean(),
    detail: Type14.String({ maxLength: 256 })
  }),
  clock: Type14.Object({
    trust: TrustSchema,
    offsetMs: Type14.Union([Type14.Number(), Type14.Null()]),
    boundMs: Type14.Union([Type14.Number({ minimum: 0 }), Type14.Null()])
  }),
  playing: Type14.Union([
    Type14.Object({ broadcastId: IdSchema, positionMs: Type14.Number({ minimum: 0 }) }),
    Type14.Null()
  ]),
  assignment: Type14.Union([HeldDocumentSchema, Type14.Null()]),
  journal: JournalStatusSchema,
  /** Error codes of what is wrong now; empty when all is well. */
  problems: Type14.Array(CodeSchema, { maxItems: 16 })
});
var healthCodec = codec("health", HealthSchema, 1);
var PresenceSchema = Type14.Object({
  v: Type14.Literal(1),
  sessionEpoch: SessionEpochSchema,
  online: Type14.Boolean()
});
var presenceCodec = codec("presence", PresenceSchema, 1);
var TimeRequestSchema = Type14.Object({ v: Type14.Literal(1), nonce: NonceSchema });
var timeRequestCodec = codec("time request", TimeRequestSchema, 1);

// protocols/provisioning.ts
import Type15 from "typebox";
var ProvisioningSchema = Type15.Object({
  v: Type15.Literal(1),
  speakerId: IdSchema,
  secret: Type15.String({ pattern: "^[A-Za-z0-9_-]{43}$" }),
  rootKeys: Type15.Array(PublicKeySchema, { minItems: 1, maxItems: 8 }),
  /** HTTP address of the controller, without trailing slash; MQTT over WebSocket is at `/mqtt` below it. */
  url: Type15.String({ pattern: "^https?://[!-~]{1,500}$" })
});
var provisioningCodec = codec("provisioning", ProvisioningSchema, 1);

// protocols/http/speakers.ts
var HoldViewSchema = Type16.Object({
  by: Type16.String(),
  reason: Type16.String(),
  until: nullable(InstantSchema)
});
var LifecycleSchema = Type16.Union([
  Type16.Literal("enrolled"),
  Type16.Literal("active"),
  Type16.Literal("retired"),
  Type16.Literal("blocked")
]);
var SpeakerStatusSchema = Type16.Object({
  link: Type16.Union([Type16.Literal("online"), Type16.Literal("offline"), Type16.Literal("unknown")]),
  condition: Type16.Union([Type16.Literal("ok"), Type16.Literal("degraded")]),
  output: Type16.Union([
    Type16.Literal("normal"),
    Type16.Literal("muted"),
    Type16.Literal("stopped"),
    Type16.Literal("maintenance")
  ]),
  lastSeenAt: nullable(InstantSchema),
  agentVersion: nullable(Type16.String()),
  capabilities: Type16.Array(Type16.String()),
  /** Whether the speaker says that it holds the newest assignment. */
  assignmentHeld: Type16.Boolean(),
  health: nullable(HealthSchema)
});
var SpeakerSchema = Type16.Object({
  id: IdSchema,
  areaId: IdSchema,
  name: Type16.String(),
  lifecycle: LifecycleSchema,
  keyId: nullable(Type16.String()),
  latitude: nullable(Type16.Number()),
  longitude: nullable(Type16.Number()),
  gainDb: Type16.Number(),
  capDb: Type16.Number(),
  mute: nullable(HoldViewSchema),
  maintenance: nullable(HoldViewSchema),
  assignmentRevision: RevisionSchema,
  assignmentHash: nullable(Sha256Schema),
  createdAt: InstantSchema,
  /** Null: never heard of. */
  status: nullable(SpeakerStatusSchema)
});
var SpeakerListSchema = Type16.Object({
  speakers: Type16.Array(SpeakerSchema),
  next: nullable(IdSchema)
});
var SpeakerListQuerySchema = strict({
  area: Type16.Optional(IdSchema),
  limit: Type16.Optional(Type16.Integer({ minimum: 1, maximum: 500, default: 200 })),
  /** Last id of the page before; pages are in order of id. */
  after: Type16.Optional(IdSchema)
});
var GainSchema = Type16.Number({ minimum: -60, maximum: 20 });
var LatitudeSchema = nullable(Type16.Number({ minimum: -90, maximum: 90 }));
var LongitudeSchema = nullable(Type16.Number({ minimum: -180, maximum: 180 }));
var SpeakerCreateSchema = strict({
  /** Chosen by the client ("loa-ap-1"), or made here. */
  id: Type16.Optional(IdSchema),
  areaId: IdSchema,
  name: NameSchema,
  latitude: Type16.Optional(LatitudeSchema),
  longitude: Type16.Optional(LongitudeSchema),
  gainDb: Type16.Optional(GainSchema),
  capDb: Type16.Optional(GainSchema)
});
var SpeakerCreatedSchema = Type16.Object({ speaker: SpeakerSchema, provisioning: ProvisioningSchema });
var HoldRequestSchema = strict({
  reason: Type16.String({ maxLength: 512 }),
  until: Type16.Optional(nullable(InstantSchema))
});
var SpeakerChangeSchema = strict({
  areaId: Type16.Optional(IdSchema),
  name: Type16.Optional(NameSchema),
  latitude: Type16.Optional(LatitudeSchema),
  longitude: Type16.Optional(LongitudeSchema),
  gainDb: Type16.Optional(GainSchema),
  capDb: Type16.Optional(GainSchema),
  /** Null: no longer muted. */
  mute: Type16.Optional(nullable(HoldRequestSchema)),
  maintenance: Type16.Optional(nullable(HoldRequestSchema))
});
var JournalQuerySchema = strict({
  /** The journal to export; the newest by default. */
  epoch: Type16.Optional(IdSchema),
  from: Type16.Optional(Type16.Integer({ minimum: 1, default: 1 })),
  limit: Type16.Optional(Type16.Integer({ minimum: 1, maximum: 2e3, default: 1e3 }))
});
var JournalExportSchema = Type16.Object({
  speakerId: IdSchema,
  epoch: nullable(IdSchema),
  /** Exact lines as signed, in order. */
  rows: Type16.Array(
    Type16.Object({
      seq: Type16.Integer(),
      hash: Sha256Schema,
      line: Type16.String(),
      flags: Type16.Array(Type16.String()),
      batchId: Type16.String()
    })
  ),
  batches: Type16.Array(
    Type16.Object({
      id: Type16.String(),
      keyId: Type16.String(),
      headSeq: Type16.Integer(),
      headHash: Sha256Schema,
      signature: Type16.String(),
      receivedAt: InstantSchema
    })
  ),
  /** The speaker's public key (raw, base64url) by its name. */
  keys: Type16.Record(Type16.String(), Type16.String()),
  /** Key statements of the controller, in order, for the orders that the lines refer to. */
  statements: Type16.Array(Type16.String()),
  /** Where to go on; null: no more. */
  next: nullable(Type16.Integer())
});

// protocols/http/system.ts
import Type17 from "typebox";
var StatementsQuerySchema = strict({
  /** Number of the last statement held. */
  after: Type17.Optional(Type17.Integer({ minimum: 0, default: 0 }))
});
var StatementsSchema = Type17.Object({ statements: Type17.Array(Type17.String()) });
var TimeQuerySchema = strict({ nonce: NonceSchema });
var AliveSchema = Type17.Object({ alive: Type17.Literal(true), version: Type17.String() });
var ReadySchema = Type17.Object({
  ready: Type17.Boolean(),
  checks: Type17.Record(Type17.String(), Type17.Object({ ok: Type17.Boolean(), detail: Type17.String() }))
});
var WhoAmISchema = Type17.Object({
  name: Type17.String(),
  role: Type17.String(),
  areas: Type17.Array(Type17.String()),
  permissions: Type17.Array(Type17.String()),
  now: InstantSchema
});

// protocols/journal/batch.ts
import Type18 from "typebox";
var MAX_BATCH_BYTES = 60 * 1024;
var MAX_BATCH_ENTRIES = 200;
var JournalBatchSchema = Type18.Object({
  v: Type18.Literal(1),
  speakerId: IdSchema,
  /** The signing key: one key may speak for several speakers (adapters of other makers). */
  keyId: KeyIdSchema,
  epoch: IdSchema,
  /** The position that the first line follows. */
  after: Type18.Object({ seq: Type18.Integer({ minimum: 0 }), hash: Sha256Schema }),
  /** The oldest entry that the speaker still holds: what lies before can never come any more. */
  oldestSeq: Type18.Integer({ minimum: 1 }),
  lines: Type18.Array(Type18.String({ minLength: 2, maxLength: 4096 }), {
    minItems: 1,
    maxItems: MAX_BATCH_ENTRIES
  }),
  /** Ed25519 over `batchStatement`, base64url. */
  signature: Type18.String({ pattern: "^[A-Za-z0-9_-]{86}$" })
});
var journalBatchCodec = codec("journal batch", JournalBatchSchema, 1);

// protocols/messages/controller.ts
import Type19 from "typebox";
var JournalKeptSchema = Type19.Object({
  epoch: IdSchema,
  seq: Type19.Integer({ minimum: 0 }),
  hash: Sha256Schema
});
var WelcomeSchema = Type19.Object({
  v: Type19.Literal(1),
  /** The hello's, so that a late welcome of an older connection is ignored. */
  sessionEpoch: SessionEpochSchema,
  journal: Type19.Union([JournalKeptSchema, Type19.Null()]),
  /** `assignment`: say hello again with the document, which has a higher revision than we know. */
  want: Type19.Array(CodeSchema, { maxItems: 8 })
});
var welcomeCodec = codec("welcome", WelcomeSchema, 1);
var JournalAckSchema = Type19.Object({
  v: Type19.Literal(1),
  epoch: IdSchema,
  seq: Type19.Integer({ minimum: 0 }),
  hash: Type19.Union([Sha256Schema, Type19.Null()]),
  code: Type19.Optional(CodeSchema)
});
var journalAckCodec = codec("journal acknowledgement", JournalAckSchema, 1);

// protocols/topics.ts
var TOPIC_ROOT = "loa/1";
var MAX_PAYLOAD_BYTES = 64 * 1024;
var TOPICS = {
  areaOrder: {
    pattern: "area/{area}/order",
    direction: "down",
    qos: 1,
    form: "jws",
    says: "an order for the speakers of an area"
  },
  order: {
    pattern: "speaker/{speaker}/down/order",
    direction: "down",
    qos: 1,
    form: "jws",
    says: "an order for this speaker, or one that it has not answered"
  },
  assignment: {
    pattern: "speaker/{speaker}/down/assignment",
    direction: "down",
    qos: 1,
    form: "jws",
    says: "the desired state of this speaker"
  },
  welcome: {
    pattern: "speaker/{speaker}/down/welcome",
    direction: "down",
    qos: 1,
    form: "json",
    says: "the answer to a hello"
  },
  journalAck: {
    pattern: "speaker/{speaker}/down/journal",
    direction: "down",
    qos: 1,
    form: "json",
    says: "up to where the journal is stored"
  },
  time: {
    pattern: "speaker/{speaker}/down/time",
    direction: "down",
    qos: 0,
    form: "jws",
    says: "signed time for a nonce"
  },
  hello: {
    pattern: "speaker/{speaker}/up/hello",
    direction: "up",
    qos: 1,
    form: "json",
    says: "what the speaker is and holds, first on every connection"
  },
  answer: {
    pattern: "speaker/{speaker}/up/answer",
    direction: "up",
    qos: 1,
    form: "json",
    says: "an order was accepted or refused"
  },
  journal: {
    pattern: "speaker/{speaker}/up/journal",
    direction: "up",
    qos: 1,
    form: "json",
    says: "a signed batch of journal lines"
  },
  health: {
    pattern: "speaker/{speaker}/up/health",
    direction: "up",
    qos: 1,
    form: "json",
    says: "condition and held hashes, every five minutes and on change"
  },
  progress: {
    pattern: "speaker/{speaker}/up/progress",
    direction: "up",
    qos: 0,
    form: "json",
    says: "download and playing position, for the eye"
  },
  presence: {
    pattern: "speaker/{speaker}/up/presence",
    direction: "up",
    qos: 1,
    form: "json",
    says: "last will: the connection is gone"
  },
  timeRequest: {
    pattern: "speaker/{speaker}/up/time",
    direction: "up",
    qos: 0,
    form: "json",
    says: "a nonce, to be answered with signed time"
  }
};
var ID = /^[a-z0-9][a-z0-9_-]{0,63}$/;
var PLACE = /\{(?:area|speaker)\}/;
function topicOf(name, id) {
  if (!ID.test(id))
    throw new DomainError("document.malformed", { document: "id", reason: `"${id}" is not an id` });
  return `${TOPIC_ROOT}/${TOPICS[name].pattern.replace(PLACE, id)}`;
}
function parseTopic(topic) {
  if (topic.length > 200 || !topic.startsWith(`${TOPIC_ROOT}/`)) return void 0;
  const levels = topic.slice(TOPIC_ROOT.length + 1).split("/");
  for (const [name, pattern] of PATTERNS) {
    if (pattern.length !== levels.length) continue;
    const at = pattern.findIndex((level) => PLACE.test(level));
    const id = levels[at] ?? "";
    if (ID.test(id) && pattern.every((level, i) => i === at || level === levels[i])) return { name, id };
  }
  return void 0;
}
var PATTERNS = Object.keys(TOPICS).map(
  (name) => [name, TOPICS[name].pattern.split("/")]
);
function speakerSubscriptions(speakerId, areas2) {
  return [
    topicOf("order", speakerId).replace(/order$/, "+"),
    ...areas2.map((area) => topicOf("areaOrder", area).replace(/order$/, "+"))
  ];
}
var CONTROLLER_SUBSCRIPTION = `${TOPIC_ROOT}/speaker/+/up/+`;
function speakerMayPublish(speakerId, topic) {
  const parsed = parseTopic(topic);
  return parsed !== void 0 && TOPICS[parsed.name].direction === "up" && parsed.id === speakerId;
}
function speakerMaySubscribe(speakerId, areas2, filter) {
  return speakerSubscriptions(speakerId, areas2).includes(filter);
}

// server/mqtt/broker.ts
import { duplexPair } from "node:stream";
import { Aedes } from "aedes";

// server/mqtt/access-rules.ts
var MAX_KEEPALIVE_SECONDS = 1200;
function connectRefusal(connect) {
  if (connect.clientId === "" || connect.clientId !== connect.username) return "client_id";
  const keepalive = connect.keepalive ?? 0;
  if (keepalive === 0 || keepalive > MAX_KEEPALIVE_SECONDS) return "keepalive";
  const { will } = connect;
  if (will !== void 0 && publishRefusal(connect.clientId, will) !== void 0) return "will";
  if (will !== void 0 && parseTopic(will.topic)?.name !== "presence") return "will";
  return void 0;
}
function publishRefusal(speakerId, message) {
  if (message.retain) return "publish_retained";
  if (message.qos > 1) return "publish_qos";
  return speakerMayPublish(speakerId, message.topic) ? void 0 : "publish";
}
function maySubscribe(speakerId, areas2, filter) {
  return speakerMaySubscribe(speakerId, areas2, filter);
}
function controllerMayPublish(topic) {
  const parsed = parseTopic(topic);
  return parsed !== void 0 && TOPICS[parsed.name].direction === "down";
}
function mayReceive(speakerId, areas2, message) {
  if (TOPICS[message.name].direction === "up") return false;
  return message.name === "areaOrder" ? areas2.includes(message.id) : message.id === speakerId;
}
function isUpTopic(name) {
  return TOPICS[name].direction === "up";
}

// server/mqtt/counters.ts
var Tally = class {
  #counts = /* @__PURE__ */ new Map();
  add(name) {
    this.#counts.set(name, (this.#counts.get(name) ?? 0) + 1);
  }
  of(name) {
    return this.#counts.get(name) ?? 0;
  }
  entries() {
    return [...this.#counts];
  }
};

// server/mqtt/packet-guard.ts
var CONNECT = 16;
var LENGTH_BYTES = 4;
var PacketGuard = class {
  #limits;
  #first = true;
  /** Bytes of the present packet's body that are still to come. */
  #body = 0;
  /** Bytes of the present fixed header read so far; 0 between packets. */
  #header = 0;
  #length = 0;
  constructor(limits) {
    this.#limits = limits;
  }
  /** Takes the next bytes of the stream; what is wrong with them, or undefined. After a violation nothing more may be given. */
  take(chunk) {
    let at = 0;
    while (at < chunk.length) {
      if (this.#body > 0) {
        const skipped = Math.min(this.#body, chunk.length - at);
        this.#body -= skipped;
        at += skipped;
        continue;
      }
      const violation = this.#headerByte(chunk[at]);
      if (violation !== void 0) return violation;
      at += 1;
    }
    return void 0;
  }
  #headerByte(byte) {
    if (this.#header === 0) {
      if (this.#first && byte !== CONNECT) return "not_mqtt";
      this.#header = 1;
      this.#length = 0;
      return void 0;
    }
    this.#length += (byte & 127) * 128 ** (this.#header - 1);
    if (this.#length > (this.#first ? this.#limits.firstBytes : this.#limits.bytes))
      return "packet_too_large";
    if ((byte & 128) === 0) {
      this.#body = this.#length;
      this.#header = 0;
      this.#first = false;
      return void 0;
    }
    if (this.#header === LENGTH_BYTES) return "not_mqtt";
    this.#header += 1;
    return void 0;
  }
};
function guardReads(stream, limits, turns, onViolation) {
  const guard = new PacketGuard(limits);
  const read = stream.read;
  let violated = false;
  stream.read = function guardedRead(size) {
    if (size !== 0 && !turns.mayRead(stream)) return null;
    const chunk = read.call(this, size);
    if (violated) return null;
    if (!(chunk instanceof Uint8Array)) return chunk;
    const violation = guard.take(chunk);
    if (violation === void 0) return chunk;
    violated = true;
    onViolation(violation);
    return null;
  };
}

// server/mqtt/pending-connections.ts
var PendingConnections = class {
  #limits;
  #perAddress = /* @__PURE__ */ new Map();
  #total = 0;
  constructor(limits) {
    this.#limits = limits;
  }
  get total() {
    return this.#total;
  }
  /** Counts one more, or says why not. What was counted must be released exactly once. */
  admit(address) {
    const here = this.#perAddress.get(address) ?? 0;
    if (here >= this.#limits.perAddress) return "address_limit";
    if (this.#total >= this.#limits.total) return "pending_limit";
    this.#perAddress.set(address, here + 1);
    this.#total += 1;
    return void 0;
  }
  /** Takes one back: it authenticated or went away. */
  release(address) {
    const here = this.#perAddress.get(address) ?? 0;
    if (here <= 1) this.#perAddress.delete(address);
    else this.#perAddress.set(address, here - 1);
    this.#total = Math.max(0, this.#total - 1);
  }
};

// server/mqtt/read-turns.ts
var BUDGET_MS = 1e9;
var ReadTurns = class {
  #now;
  #ends = 0;
  #scheduled = false;
  #waiting = [];
  constructor(now = () => performance.now()) {
    this.#now = now;
  }
  /** Whether a stream may read now. If not, it gets a `readable` event when its turn comes. */
  mayRead(stream) {
    const now = this.#now();
    if (!this.#scheduled) {
      this.#scheduled = true;
      this.#ends = now + BUDGET_MS;
      setImmediate(() => this.#nextTurn());
      return true;
    }
    if (now < this.#ends) return true;
    this.#waiting.push(stream);
    return false;
  }
  #nextTurn() {
    if (this.#waiting.length === 0) {
      this.#scheduled = false;
      return;
    }
    setImmediate(() => this.#nextTurn());
    this.#ends = this.#now() + BUDGET_MS;
    const waiting = this.#waiting;
    this.#waiting = [];
    let at = 0;
    for (; at < waiting.length && this.#now() < this.#ends; at++) {
      const stream = waiting[at];
      if (!stream.destroyed) stream.emit("readable");
    }
    this.#waiting = [...waiting.slice(at), ...this.#waiting];
  }
};

// server/mqtt/sessionless.ts
import { Readable } from "node:stream";
var Sessionless = class {
  // Aedes looks for an AsyncFunction here, not for any function that gives a promise.
  async setup() {
  }
  async storeRetained() {
  }
  async cleanSubscriptions(client) {
    return client;
  }
  async cleanIncoming() {
  }
  async addSubscriptions() {
  }
  async removeSubscriptions() {
  }
  async subscriptionsByClient() {
    return [];
  }
  async subscriptionsByTopic() {
    return [];
  }
  async countOffline() {
    return { subsCount: 0, clientsCount: 0 };
  }
  async outgoingEnqueue() {
  }
  async outgoingEnqueueCombi() {
  }
  async outgoingUpdate() {
  }
  async outgoingClearMessageId() {
    return void 0;
  }
  outgoingStream() {
    return Readable.from([]);
  }
  createRetainedStreamCombi() {
    return Readable.from([]);
  }
  // QoS 2 is refused before it comes here.
  async incomingStorePacket() {
    throw new Error("QoS 2 is not taken");
  }
  async incomingGetPacket() {
    throw new Error("no such packet");
  }
  async incomingDelPacket() {
  }
  async putWill() {
  }
  async getWill() {
    return void 0;
  }
  async delWill() {
    return void 0;
  }
  streamWill() {
    return Readable.from([]);
  }
  getClientList() {
    return Readable.from([]);
  }
  async destroy() {
  }
};

// server/mqtt/topic-router.ts
var SLICE = 1e9;
var TopicRouter = class {
  #listeners = /* @__PURE__ */ new Map();
  /** Which levels are `+` in the filters in use ("2,4"), and how many filters have that shape. */
  #shapes = /* @__PURE__ */ new Map();
  #closed = false;
  on(filter, listener2, done) {
    let listeners = this.#listeners.get(filter);
    if (listeners === void 0) {
      listeners = /* @__PURE__ */ new Set();
      this.#listeners.set(filter, listeners);
      const shape = shapeOf(filter);
      const known = this.#shapes.get(shape.name);
      if (known === void 0) this.#shapes.set(shape.name, { ...shape, filters: 1 });
      else known.filters += 1;
    }
    listeners.add(listener2);
    if (done !== void 0) setImmediate(done);
    return this;
  }
  removeListener(filter, listener2, done) {
    const listeners = this.#listeners.get(filter);
    if (listeners?.delete(listener2) && listeners.size === 0) {
      this.#listeners.delete(filter);
      const { name } = shapeOf(filter);
      const shape = this.#shapes.get(name);
      if (shape !== void 0 && --shape.filters === 0) this.#shapes.delete(name);
    }
    if (done !== void 0) setImmediate(done);
    return this;
  }
  /** Hands a message to everybody whose filter matches; `done` when all have taken it. Two messages keep their order at each listener. */
  emit(message, done = () => void 0) {
    if (this.#closed) {
      done(new Error("the router is closed"));
      return this;
    }
    const found = this.#match(message.topic);
    let open = found.length;
    if (open === 0) {
      setImmediate(done);
      return this;
    }
    const taken = () => {
      open -= 1;
      if (open === 0) done();
    };
    const from = (start) => {
      for (const { listeners, listener: listener2 } of found.slice(start, start + SLICE))
        if (listeners.has(listener2)) listener2(message, taken);
        else taken();
      if (start + SLICE < found.length) setImmediate(from, start + SLICE);
    };
    from(0);
    return this;
  }
  close(done) {
    this.#closed = true;
    setImmediate(done);
    return this;
  }
  #match(topic) {
    const levels = topic.split("/");
    const found = [];
    for (const shape of this.#shapes.values()) {
      if (shape.levels !== levels.length) continue;
      const filter = levels.map((level, at) => shape.plus.includes(at) ? "+" : level).join("/");
      const listeners = this.#listeners.get(filter);
      if (listeners !== void 0) for (const listener2 of listeners) found.push({ listeners, listener: listener2 });
    }
    return found;
  }
};
function shapeOf(filter) {
  const levels = filter.split("/");
  const plus = levels.flatMap((level, at) => level === "+" ? [at] : []);
  return { name: `${levels.length}:${plus.join(",")}`, levels: levels.length, plus };
}

// server/mqtt/broker.ts
var BROKER_LIMITS = {
  // A full payload, its topic (≤ 200) and packet id.
  packetBytes: MAX_PAYLOAD_BYTES + 256,
  connectBytes: 4 * 1024,
  connectTimeoutMs: 1e4,
  drainTimeoutMs: 1e4,
  topicLevels: 8,
  subscriptions: 24,
  pendingPerAddress: 1e3,
  pending: 4e3
};
var RETURN_CODE = { client_id: 2, credentials: 4 };
var NOT_AUTHORISED = 5;
var CONTROLLER_ID = "$controller";
var EmbeddedBroker = class extends Lifecycle {
  #credentials;
  #limits;
  #onError;
  #pending;
  #turns = new ReadTurns();
  /** Authenticated speakers by id. Aedes' own table loses the newer of two connections that change over quickly. */
  #speakers = /* @__PURE__ */ new Map();
  #controllers = /* @__PURE__ */ new WeakSet();
  /** Connections that authenticated. */
  #known = /* @__PURE__ */ new WeakSet();
  /** Set between CONNECT and the answer to it. */
  #refusals = /* @__PURE__ */ new WeakMap();
  #authenticated = /* @__PURE__ */ new WeakMap();
  #refusedConnections = new Tally();
  #refusedPackets = new Tally();
  #messages = new Tally();
  #connectionsTotal = 0;
  #dropped = 0;
  #aedes;
  #lastTopic = "";
  #lastParsed;
  constructor(options) {
    super();
    this.#credentials = options.credentials;
    this.#limits = { ...BROKER_LIMITS, ...options.limits };
    this.#onError = options.onError;
    this.#pending = new PendingConnections({
      perAddress: this.#limits.pendingPerAddress,
      total: this.#limits.pending
    });
  }
  async onStart() {
    const aedes = new Aedes({
      id: "loa",
      persistence: new Sessionless(),
      mq: new TopicRouter(),
      // Only a listener limit of Node's depends on it here: the router has no other bound than its slices.
      concurrency: 100,
      connectTimeout: this.#limits.connectTimeoutMs,
      drainTimeout: this.#limits.drainTimeoutMs,
      maxTopicLevels: this.#limits.topicLevels,
      maxClientsIdLength: 64,
      preConnect: (client, packet, done) => this.#preConnect(client, packet, done),
      authenticate: (client, username, password, done) => {
        const refusal = this.#enter(client, username, password);
        if (refusal === void 0) return done(null, true);
        this.#refusedConnections.add(refusal);
        const error = Object.assign(new Error(refusal), {
          returnCode: RETURN_CODE[refusal] ?? NOT_AUTHORISED
        });
        done(error, null);
      },
      authorizePublish: (client, packet, done) => done(this.#publishError(client, packet)),
      authorizeSubscribe: (client, subscription, done) => done(null, this.#subscription(client, subscription)),
      authorizeForward: (client, packet) => this.#mayForward(client, packet.topic) ? packet : null
    });
    aedes.on("client", (client) => this.#entered(client));
    aedes.on("clientDisconnect", (client) => this.#left(client));
    aedes.on("clientError", (client, error) => this.#failed(client, error));
    aedes.on("connectionError", (client, error) => this.#failed(client, error));
    aedes.on("error", this.#onError);
    await aedes.listen();
    this.#aedes = aedes;
    this.disposers.defer("broker", async () => {
      this.#aedes = void 0;
      await new Promise((resolve) => aedes.close(resolve));
      this.#speakers.clear();
    });
    this.disposers.defer(
      "revocations",
      this.#credentials.onRevoked((speakerId) => this.disconnect(speakerId))
    );
  }
  /** Takes over a connection from a listener. `address` is the peer's, for the caps before authentication. */
  accept(stream, address) {
    const aedes = this.#aedes;
    const refusal = aedes === void 0 ? "protocol" : this.#pending.admit(address);
    if (aedes === void 0 || refusal !== void 0) {
      if (refusal !== void 0) this.#refusedConnections.add(refusal);
      stream.on("error", () => void 0);
      stream.destroy();
      return;
    }
    let waiting = true;
    const release = () => {
      if (waiting) this.#pending.release(address);
      waiting = false;
    };
    stream.once("close", release);
    guardReads(
      stream,
      { firstBytes: this.#limits.connectBytes, bytes: this.#limits.packetBytes },
      this.#turns,
      (violation) => {
        this.#refusedConnections.add(violation);
        stream.destroy();
      }
    );
    const client = aedes.handle(stream);
    this.#authenticated.set(client, release);
  }
  /** The controller's own connection: one end of a pipe in memory. */
  connectController() {
    const aedes = this.#aedes;
    if (aedes === void 0) throw new Error("the broker is not running");
    const [ours, theirs] = duplexPair({ highWaterMark: 64 * 1024 });
    this.#controllers.add(aedes.handle(theirs));
    return ours;
  }
  /** Ends the connection of a speaker, if there is one. Its last will is published. */
  disconnect(speakerId) {
    this.#speakers.get(speakerId)?.close();
  }
  isConnected(speakerId) {
    return this.#speakers.has(speakerId);
  }
  metrics() {
    return {
      connections: this.#speakers.size,
      unauthenticated: this.#pending.total,
      connectionsTotal: this.#connectionsTotal,
      refusedConnections: this.#refusedConnections.entries(),
      refusedPackets: this.#refusedPackets.entries(),
      messages: this.#messages.entries(),
      droppedConnections: this.#dropped
    };
  }
  #preConnect(client, packet, done) {
    packet.clean = true;
    if (!this.#controllers.has(client)) {
      const { clientId, username, keepalive, will } = packet;
      const refusal = connectRefusal({
        clientId,
        username,
        keepalive,
        will: will && { topic: will.topic, qos: will.qos ?? 0, retain: will.retain ?? false }
      });
      if (refusal !== void 0) this.#refusals.set(client, refusal);
    }
    done(null, true);
  }
  #enter(client, username, password) {
    if (this.#controllers.has(client)) return client.id === CONTROLLER_ID ? void 0 : "client_id";
    const refusal = this.#refusals.get(client);
    if (refusal !== void 0) return refusal;
    const check = this.#credentials.check(username ?? "", password ?? Buffer.alloc(0));
    return check === "ok" ? void 0 : check;
  }
  #entered(client) {
    if (this.#controllers.has(client)) return;
    this.#authenticated.get(client)?.();
    this.#known.add(client);
    this.#connectionsTotal += 1;
    const older = this.#speakers.get(client.id);
    this.#speakers.set(client.id, client);
    if (older !== void 0 && older !== client) older.close();
  }
  #left(client) {
    if (this.#speakers.get(client.id) === client) this.#speakers.delete(client.id);
  }
  #failed(client, error) {
    if (this.#controllers.has(client)) this.#onError(error);
    else if (this.#known.has(client)) this.#dropped += 1;
    else if (error.message.includes("did not arrive in time"))
      this.#refusedConnections.add("connect_timeout");
    else if (!("errorCode" in error)) this.#refusedConnections.add("protocol");
  }
  #publishError(client, packet) {
    if (client === null) return null;
    const parsed = this.#parse(packet.topic);
    const refusal = this.#controllers.has(client) ? controllerMayPublish(packet.topic) ? void 0 : "publish" : publishRefusal(client.id, packet);
    if (refusal === void 0 && parsed !== void 0) {
      this.#messages.add(parsed.name);
      return null;
    }
    this.#refusedPackets.add(refusal ?? "publish");
    return new Error("not allowed by the topic table");
  }
  #subscription(client, subscription) {
    const allowed = this.#controllers.has(client) ? subscription.topic === CONTROLLER_SUBSCRIPTION : maySubscribe(client.id, this.#credentials.areasOf(client.id), subscription.topic) && filterCount(client) < this.#limits.subscriptions;
    if (allowed) return subscription;
    this.#refusedPackets.add("subscribe");
    return null;
  }
  #mayForward(client, topic) {
    if (this.#controllers.has(client)) return true;
    const parsed = this.#parse(topic);
    if (parsed !== void 0 && mayReceive(client.id, this.#credentials.areasOf(client.id), parsed))
      return true;
    this.#refusedPackets.add("forward");
    return false;
  }
  /** One order goes to thousands in a row: its topic is read once. */
  #parse(topic) {
    if (topic === this.#lastTopic) return this.#lastParsed;
    this.#lastTopic = topic;
    this.#lastParsed = parseTopic(topic);
    return this.#lastParsed;
  }
};
function filterCount(client) {
  const { subscriptions } = client;
  return subscriptions === void 0 ? 0 : Object.keys(subscriptions).length;
}

// server/mqtt/controller-link.ts
import mqtt from "mqtt";
var COMMON = {
  protocolVersion: 4,
  clean: true,
  // Reconnecting is ours: at a fixed interval all controllers of a province would come back in the same second.
  reconnectPeriod: 0,
  resubscribe: false,
  queueQoSZero: false,
  connectTimeout: 1e4
};
function memoryConnector(broker2) {
  return () => new mqtt.MqttClient(() => broker2.connectController(), {
    ...COMMON,
    clientId: "$controller",
    keepalive: 0
  });
}
var ControllerLink = class extends Lifecycle {
  #options;
  #client;
  #up = false;
  #timer;
  #delays;
  #unacknowledged = /* @__PURE__ */ new Set();
  constructor(options) {
    super();
    this.#options = options;
    this.#delays = this.#newDelays();
  }
  get up() {
    return this.#up;
  }
  async onStart() {
    this.disposers.defer("broker connection", async () => {
      this.#timer?.cancel();
      const client = this.#client;
      this.#client = void 0;
      this.#down(void 0);
      await client?.endAsync(true);
    });
    this.#connect();
  }
  /** Resolves when the broker has taken the message (QoS 1) or the connection has (QoS 0); rejects with `message.disconnected`. */
  publish(topic, payload, qos) {
    const client = this.#client;
    if (client === void 0 || !this.#up)
      return Promise.reject(new DomainError("message.disconnected", { topic }));
    return new Promise((resolve, reject) => {
      const refuse = (cause) => {
        this.#unacknowledged.delete(refuse);
        reject(new DomainError("message.disconnected", { topic }, { cause }));
      };
      this.#unacknowledged.add(refuse);
      client.publish(topic, payload, { qos }, (error) => {
        if (error) return refuse(error);
        this.#unacknowledged.delete(refuse);
        resolve();
      });
    });
  }
  #connect() {
    let failure;
    const client = this.#options.connect();
    this.#client = client;
    client.on("error", (error) => {
      failure = error;
    });
    client.on("message", (topic, payload) => this.#options.onMessage(topic, payload));
    client.on("connect", () => {
      client.subscribe(CONTROLLER_SUBSCRIPTION, { qos: 1 }, (error, granted) => {
        if (this.#client !== client) return;
        if (error || granted?.some(({ qos }) => qos === 128)) {
          failure = error ?? new Error("the broker refused the subscription");
          client.end(true);
          return;
        }
        this.#up = true;
        this.#delays = this.#newDelays();
        this.#options.onUp();
      });
    });
    client.on("close", () => {
      if (this.#client !== client) return;
      this.#client = void 0;
      client.end(true);
      this.#down(failure);
      this.#timer = this.#options.clock.setTimer(
        "broker reconnect",
        this.#delays.next().value,
        () => this.#connect()
      );
    });
  }
  #down(error) {
    this.#up = false;
    const cause = error ?? new Error("the connection to the broker ended");
    for (const refuse of [...this.#unacknowledged]) refuse(cause);
    this.#options.onDown(error);
  }
  #newDelays() {
    return backoff(this.#options.retry ?? { baseMs: 200, maxMs: 5e3 });
  }
};

// server/mqtt/credential-table.ts
import { createHash as createHash2, timingSafeEqual } from "node:crypto";
var NOBODY = Buffer.alloc(32);
var NO_AREAS = [];
var CredentialTable = class {
  #entries = /* @__PURE__ */ new Map();
  #ancestries = /* @__PURE__ */ new Map();
  #revokeListeners = /* @__PURE__ */ new Set();
  /** Replaces everything. Speakers whose area is unknown lie nowhere and may still talk on their own topics. */
  load(credentials2, tree) {
    this.#entries.clear();
    this.#ancestries.clear();
    for (const credential of credentials2)
      this.put(credential, tree.has(credential.areaId) ? tree.ancestry(credential.areaId) : NO_AREAS);
  }
  /** Enters or changes one speaker. A new secret, a block or a retirement disconnects it at once. */
  put(credential, areas2) {
    const before = this.#entries.get(credential.speakerId);
    const entry = {
      secretHash: Buffer.from(credential.secretHash, "hex"),
      lifecycle: credential.lifecycle,
      areas: this.#shared(areas2)
    };
    this.#entries.set(credential.speakerId, entry);
    if (before === void 0) return;
    if (!mayEnter(entry.lifecycle) || !before.secretHash.equals(entry.secretHash))
      this.#revoke(credential.speakerId);
  }
  /** Forgets one speaker and disconnects it at once. */
  remove(speakerId) {
    if (this.#entries.delete(speakerId)) this.#revoke(speakerId);
  }
  /** Compares in constant time, with the same work for a name that does not exist. */
  check(speakerId, secret) {
    const entry = this.#entries.get(speakerId);
    const expected = entry?.secretHash.length === 32 ? entry.secretHash : NOBODY;
    const same = timingSafeEqual(createHash2("sha256").update(secret).digest(), expected);
    if (entry === void 0 || !same) return "credentials";
    return mayEnter(entry.lifecycle) ? "ok" : "blocked";
  }
  /** Ancestry from the widest area to the speaker's own; empty for whom nobody knows. */
  areasOf(speakerId) {
    return this.#entries.get(speakerId)?.areas ?? NO_AREAS;
  }
  /** Calls `listener` with each speaker whose connection must end now. */
  onRevoked(listener2) {
    this.#revokeListeners.add(listener2);
    return () => void this.#revokeListeners.delete(listener2);
  }
  #revoke(speakerId) {
    for (const listener2 of this.#revokeListeners) listener2(speakerId);
  }
  #shared(areas2) {
    const name = areas2.join("/");
    const known = this.#ancestries.get(name);
    if (known !== void 0) return known;
    this.#ancestries.set(name, areas2);
    return areas2;
  }
};
function mayEnter(lifecycle) {
  return lifecycle === "enrolled" || lifecycle === "active";
}

// server/mqtt/inbound.ts
function takeMessage(topic, payload, handlers) {
  const parsed = parseTopic(topic);
  if (parsed === void 0 || !isUpTopic(parsed.name)) {
    const error = new DomainError("message.unknown_topic", { topic: topic.slice(0, 200) });
    return { name: void 0, code: error.code, error };
  }
  const { name, id } = parsed;
  try {
    if (payload.length > MAX_PAYLOAD_BYTES)
      throw new DomainError("document.too_large", {
        document: TOPICS[name].says,
        bytes: payload.length,
        limit: MAX_PAYLOAD_BYTES
      });
    handOn(name, id, payload, handlers);
    return { name };
  } catch (error) {
    return { name, code: error instanceof DomainError ? error.code : "server.internal", error };
  }
}
function handOn(name, speakerId, payload, to) {
  switch (name) {
    case "hello":
      to.hello(speakerId, helloCodec.parse(payload));
      break;
    case "answer":
      to.answer(speakerId, answerCodec.parse(payload));
      break;
    case "journal": {
      const batch = journalBatchCodec.parse(payload);
      if (batch.speakerId !== speakerId)
        throw new DomainError("message.wrong_sender", { speakerId, claimed: batch.speakerId });
      to.journal(speakerId, batch, payload.length);
      break;
    }
    case "health":
      to.health(speakerId, healthCodec.parse(payload));
      break;
    case "progress":
      to.progress(speakerId, progressCodec.parse(payload));
      break;
    case "presence":
      to.presence(speakerId, presenceCodec.parse(payload));
      break;
    case "timeRequest":
      to.timeRequest(speakerId, timeRequestCodec.parse(payload));
      break;
    default:
      name;
  }
}

// server/mqtt/gateway.ts
var Gateway = class extends Lifecycle {
  #onRefused;
  #link;
  #received = new Tally();
  #refused = new Tally();
  #published = new Tally();
  #upListeners = /* @__PURE__ */ new Set();
  #publishFailures = 0;
  #handlers;
  constructor(options) {
    super();
    this.#onRefused = options.onRefused;
    this.#link = new ControllerLink({
      connect: options.connect,
      clock: options.clock,
      ...options.retry === void 0 ? {} : { retry: options.retry },
      onMessage: (topic, payload) => this.#take(topic, payload),
      onUp: () => {
        for (const listener2 of this.#upListeners) listener2();
      },
      onDown: (error) => options.onDown?.(error)
    });
  }
  /** Sets who takes messages; before `start`. Apart from the constructor because those who take also publish. */
  handle(handlers) {
    this.#handlers = handlers;
  }
  async onStart() {
    this.disposers.defer("broker connection", () => this.#link.stop());
    await this.#link.start();
  }
  get connected() {
    return this.#link.up;
  }
  /** Calls `listener` after every connection that is subscribed and ready. */
  onConnected(listener2) {
    this.#upListeners.add(listener2);
    return () => void this.#upListeners.delete(listener2);
  }
  /** Resolves as soon as the gateway is connected. */
  ready() {
    if (this.connected) return Promise.resolve();
    return new Promise((resolve) => {
      const off = this.onConnected(() => {
        off();
        resolve();
      });
    });
  }
  /**
   * Hands a message to the broker. Resolves when the broker has taken it, which is no receipt; rejects with
   * `message.disconnected` or `document.too_large`, never silently.
   */
  async publish(name, id, payload) {
    const body = typeof payload === "string" ? payload : JSON.stringify(payload);
    const bytes = Buffer.byteLength(body);
    if (bytes > MAX_PAYLOAD_BYTES)
      throw new DomainError("document.too_large", {
        document: TOPICS[name].says,
        bytes,
        limit: MAX_PAYLOAD_BYTES
      });
    try {
      await this.#link.publish(topicOf(name, id), body, TOPICS[name].qos);
    } catch (error) {
      this.#publishFailures += 1;
      throw error;
    }
    this.#published.add(name);
  }
  metrics() {
    return {
      connected: this.connected,
      received: this.#received.entries(),
      refused: this.#refused.entries(),
      published: this.#published.entries(),
      publishFailures: this.#publishFailures
    };
  }
  #take(topic, payload) {
    if (this.#handlers === void 0) return;
    const result = takeMessage(topic, payload, this.#handlers);
    if (result.name !== void 0) this.#received.add(result.name);
    if (result.code === void 0) return;
    this.#refused.add(result.code);
    this.#onRefused?.(topic, result.code, result.error);
  }
};

// server/mqtt/listeners.ts
import { createServer } from "node:net";
import { createServer as createTlsServer } from "node:tls";
var BACKLOG = 4096;
var HANDSHAKE_TIMEOUT_MS = 1e4;
var MqttListener = class extends Lifecycle {
  #options;
  #server;
  constructor(options) {
    super();
    this.#options = options;
  }
  /** The port in use; 0 when not listening. */
  get port() {
    const address = this.#server?.address();
    return typeof address === "object" && address !== null ? address.port : 0;
  }
  async onStart() {
    const { broker: broker2, host, port, tls } = this.#options;
    const sockets = /* @__PURE__ */ new Set();
    const take = (socket) => {
      sockets.add(socket);
      socket.once("close", () => sockets.delete(socket));
      broker2.accept(socket, socket.remoteAddress ?? "");
    };
    const server = tls === void 0 ? createServer({ noDelay: true }, take) : createTlsServer(
      { ...tls, noDelay: true, minVersion: "TLSv1.2", handshakeTimeout: HANDSHAKE_TIMEOUT_MS },
      take
    );
    server.on("tlsClientError", () => void 0);
    await new Promise((resolve, reject) => {
      server.once("error", reject);
      server.listen({ host, port, backlog: BACKLOG }, () => {
        server.off("error", reject);
        resolve();
      });
    });
    this.#server = server;
    this.disposers.defer("MQTT port", async () => {
      this.#server = void 0;
      const closed = new Promise((resolve) => server.close(() => resolve()));
      for (const socket of sockets) socket.destroy();
      await closed;
    });
  }
};

// server/mqtt/websocket.ts
import { createWebSocketStream, WebSocketServer } from "ws";
var MAX_MESSAGE_BYTES = 128 * 1024;
function attachWebSocket(server, path, broker2) {
  const sockets = new WebSocketServer({
    noServer: true,
    // Payloads are small and signed; a deflate context would cost more memory than all else of a connection.
    perMessageDeflate: false,
    maxPayload: MAX_MESSAGE_BYTES,
    clientTracking: false,
    handleProtocols: (offered) => offered.has("mqtt") ? "mqtt" : false
  });
  const onUpgrade = (request, socket, head) => {
    const asked = (request.url ?? "").split("?", 1)[0];
    const offered = (request.headers["sec-websocket-protocol"] ?? "").split(",").map((name) => name.trim());
    if (asked !== path || !offered.includes("mqtt")) {
      socket.on("error", () => void 0);
      socket.end(
        `HTTP/1.1 ${asked === path ? "400 Bad Request" : "404 Not Found"}\r
Connection: close\r
\r
`
      );
      return;
    }
    sockets.handleUpgrade(request, socket, head, (webSocket) => {
      broker2.accept(createWebSocketStream(webSocket), request.socket.remoteAddress ?? "");
    });
  };
  server.on("upgrade", onUpgrade);
  return () => {
    server.off("upgrade", onUpgrade);
    sockets.close();
  };
}

// tests/unit/zz_tmp/server.ts
var n = Number(process.argv[2]);
var clock = new SystemClock();
var credentials = new CredentialTable();
var areas = ["vn", "tinh", "xa", "ap"];
for (let i = 0; i < n; i++) credentials.put({ speakerId: `spk-${i}`, secretHash: sha256("s"), lifecycle: "active", areaId: "ap" }, areas);
var broker = new EmbeddedBroker({ credentials, onError: (e) => console.error("broker", e) });
await broker.start();
var gateway = new Gateway({ connect: memoryConnector(broker), clock });
var answers = 0;
var t0 = 0;
gateway.handle({ hello() {
}, health() {
}, journal() {
}, presence() {
}, progress() {
}, timeRequest() {
}, answer() {
  if (++answers === n) console.log("all answered", (performance.now() - t0).toFixed(0), "ms");
} });
await gateway.start();
await gateway.ready();
var listener = new MqttListener({ broker, host: "127.0.0.1", port: 0 });
await listener.start();
var http = createServer2();
attachWebSocket(http, "/mqtt", broker);
await new Promise((r) => http.listen(0, "127.0.0.1", r));
var loop = monitorEventLoopDelay({ resolution: 5 });
loop.enable();
console.log("PORT", listener.port, http.address().port);
process.stdin.on("data", async (d) => {
  const rss = () => (process.memoryUsage().rss / 1e6).toFixed(0);
  console.log(String(d).trim(), JSON.stringify(broker.metrics()), JSON.stringify(gateway.metrics()), "rss", rss(), "loop max", (loop.max / 1e6).toFixed(0));
  loop.reset();
  if (String(d).startsWith("go")) {
    t0 = performance.now();
    answers = 0;
    await gateway.publish("areaOrder", "vn", "x".repeat(1500));
    console.log("taken", (performance.now() - t0).toFixed(0));
  }
  if (String(d).startsWith("bye")) process.exit(0);
});
