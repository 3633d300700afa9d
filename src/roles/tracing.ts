import { randomBytes } from 'node:crypto';
import type { MessageSink } from '../collector/sink.ts';
import type { Config } from '../config.ts';
import type { Logger } from '../telemetry/logger.ts';
import { OtlpExporter } from '../telemetry/otlp.ts';
import { Tracer } from '../telemetry/tracing.ts';
import { version } from './version.ts';

/** Null while nobody collects traces: then nothing is kept or sent. */
export function openTracer(config: Pick<Config, 'tracesEndpoint' | 'roles'>, log: Logger): Tracer | null {
  if (config.tracesEndpoint === null) return null;
  const resource = {
    'service.name': 'deye-hard',
    'service.version': version(),
    'service.instance.id': randomBytes(8).toString('hex'),
    'deye_hard.roles': [...config.roles].join(','),
  };
  return new Tracer(new OtlpExporter({ endpoint: config.tracesEndpoint, resource, log }));
}

/** From a frame that was understood to its acknowledgement being owed; its samples are stored by a flush, which has a trace of its own. */
export function tracedSink(sink: MessageSink, tracer: Tracer | null): MessageSink {
  if (tracer === null) return sink;
  return {
    accept(message, peer) {
      const attributes = {
        'deye_hard.frame': message.code,
        'deye_hard.readings': message.readings.length,
        'deye_hard.connection': peer.connectionId,
      };
      return tracer.trace({ name: `frame ${message.type}`, kind: 'server', parent: null, attributes }, () =>
        sink.accept(message, peer),
      );
    },
    tlsHello: (peer) => sink.tlsHello?.(peer),
    twoAtOnce: (serial, peers) => sink.twoAtOnce?.(serial, peers),
  };
}
