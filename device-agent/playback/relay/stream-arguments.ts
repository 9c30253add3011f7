import { SAMPLE_RATE } from '../../outputs/output.ts';

/** Nothing heard from the other station for so long ends the connection. */
const SILENT_LINE_MS = 5_000;

/**
 * ffmpeg's arguments to read another station's stream, one element each. Only network protocols are allowed, so that no list of a
 * stream can name a file of this machine, and only what stations send is parsed at all.
 */
export function streamArguments(url: string): string[] {
  return [
    ...['-hide_banner', '-nostdin', '-loglevel', 'error', '-threads', '1'],
    ...['-protocol_whitelist', 'http,https,tcp,tls,httpproxy,crypto'],
    ...['-format_whitelist', 'mp3,aac,ogg,flac,wav,mpegts,hls,mov,matroska,asf'],
    ...['-rw_timeout', String(SILENT_LINE_MS * 1000), '-user_agent', 'loa-agent'],
    // A live stream is never long enough for ffmpeg's own five seconds of looking.
    ...['-analyzeduration', '1000000', '-probesize', '65536', '-fflags', 'nobuffer'],
    ...['-i', url, '-map', '0:a:0', '-vn', '-sn', '-dn'],
    ...['-ac', '1', '-ar', String(SAMPLE_RATE), '-f', 's16le', 'pipe:1'],
  ];
}
