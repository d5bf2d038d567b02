export * from './errors.ts'
export { getCloudflareTurnCredentials } from './credentials/cloudflare.ts'
export type { CloudflareTurnOptions } from './credentials/cloudflare.ts'
export { getCoturnCredentials } from './credentials/coturn.ts'
export type { CoturnOptions } from './credentials/coturn.ts'
export { getHfTurnCredentials } from './credentials/hugging-face.ts'
export type { HfTurnOptions } from './credentials/hugging-face.ts'
export { getTurnCredentials } from './credentials/turn-credentials.ts'
export type { TurnOptionsByMethod } from './credentials/turn-credentials.ts'
export type { TurnOptions } from './credentials/turn-request.ts'
export { getTwilioTurnCredentials } from './credentials/twilio.ts'
export type { TwilioTurnOptions } from './credentials/twilio.ts'
export { AdditionalOutputs } from './frames/additional-outputs.ts'
export { aggregateBytesTo16Bit } from './frames/aggregate-bytes.ts'
export { audioToBytes, audioToFile } from './audio-files/audio-file.ts'
export type { AudioBytesOptions, AudioFileFormat, AudioFileOptions } from './audio-files/audio-file.ts'
export type { AudioFrame, EmitAudio, Layout } from './frames/audio-frame.ts'
export { CloseStream } from './frames/close-stream.ts'
export type { EmitType, EmitVideo, VideoEmitType } from './frames/emit-type.ts'
export { PlayedMark } from './frames/played-mark.ts'
export type { Played } from './frames/played-mark.ts'
export { audioToFloat32, audioToInt16 } from './frames/pcm.ts'
export type { VideoFormat, VideoFrame } from './frames/video-frame.ts'
export { AsyncAudioVideoStreamHandler } from './handlers/async-audio-video-stream-handler.ts'
export { AsyncEvent } from './handlers/async-event.ts'
export { AsyncQueue } from './handlers/async-queue.ts'
export { AsyncStreamHandler } from './handlers/async-stream-handler.ts'
export { AudioVideoStreamHandler } from './handlers/audio-video-stream-handler.ts'
export { getCurrentContext, warning } from './handlers/context.ts'
export type { Context } from './handlers/context.ts'
export type { HandlerSocket, HandlerSocketEvents } from './handlers/handler-socket.ts'
export type { DataChannel } from './handlers/data-channel.ts'
export { EventLoop } from './handlers/event-loop.ts'
export type { HandlerOptions } from './handlers/handler-options.ts'
export type { TelephoneCall } from './handlers/telephone-call.ts'
export { StreamHandlerBase } from './handlers/stream-handler-base.ts'
export { StreamHandler } from './handlers/stream-handler.ts'
export { VideoStreamHandler } from './handlers/video-stream-handler.ts'
export type { VideoData, VideoFunction, VideoStreamHandlerOptions } from './handlers/video-stream-handler.ts'
export type { AudioVideoHandlerOptions, VideoDtype } from './handlers/video-options.ts'
export { waitForItem } from './handlers/wait-for-item.ts'
export type { DuplexFunction } from './driver/duplex-handler.ts'
export type { AudioVideoEmitFunction } from './driver/audio-video-generator-handler.ts'
export type { EmitFunction } from './driver/generator-handler.ts'
export type { GeneratorOf } from './driver/generator-run.ts'
export type { VideoEmitFunction } from './driver/video-generator-handler.ts'
export type { MediaStats, VideoStats } from './native/media-link.ts'
export type { Logger } from './session/logger.ts'
export { Session } from './session/session.ts'
export type { SessionBackend, SessionEvents, SessionState, Transport } from './session/session.ts'
export type { SessionStats } from './session/session-stats.ts'
export { getSttModel } from './speech/get-stt-model.ts'
export type { SttModelName, SttModelOptions } from './speech/get-stt-model.ts'
export { getTtsModel } from './speech/get-tts-model.ts'
export type { TtsModelOptions } from './speech/get-tts-model.ts'
export type { SpeechModelOptions } from './speech/model-options.ts'
export { openaiCompatibleStt } from './speech/openai-compatible-stt.ts'
export type { OpenaiCompatibleStt, OpenaiCompatibleSttOptions } from './speech/openai-compatible-stt.ts'
export { openaiCompatibleTts } from './speech/openai-compatible-tts.ts'
export type { OpenaiCompatibleTtsOptions } from './speech/openai-compatible-tts.ts'
export type { SpeechServiceOptions } from './speech/service-options.ts'
export { speak } from './speech/speak.ts'
export type { SpeakOptions } from './speech/speak.ts'
export type { SpeechToText, SpeechToTextOptions } from './speech/speech-to-text.ts'
export { splitSentences } from './speech/split-sentences.ts'
export type { TextSource } from './speech/split-sentences.ts'
export type { TextToSpeech, TextToSpeechOptions } from './speech/text-to-speech.ts'
export type { AnswerResult, FailedResult, OfferResult, RefusalMeta, SuccessResult } from './signaling/offer-result.ts'
export type { RtcConfiguration, RtcIceServer } from './signaling/rtc-configuration.ts'
export type { ClientConfiguration } from './stream/client-configuration.ts'
export type {
  JitterBounds,
  MediaOptions,
  MediaSettings,
  OpusApplication,
  OpusEncoderOptions,
  OpusSettings,
  PortRange,
  QueueDepths,
  VideoMediaOptions,
} from './stream/media-options.ts'
export type { OfferContext } from './stream/offer-desk.ts'
export type { InputDescription, InputOption } from './stream/input-descriptions.ts'
export type { InputFile } from './stream/input-values.ts'
export type { OutputDescription } from './stream/output-descriptions.ts'
export type { UiOptions } from './stream/page-options.ts'
export { StreamBase } from './stream/stream-base.ts'
export type { StreamEvents } from './stream/stream-base.ts'
export type {
  AudioBroadcastOption,
  AudioVideoBroadcastOption,
  BroadcastOptions,
  CommonOptions,
  ConversationOptions,
  DuplexOption,
  Handler,
  HandlerOption,
  Modality,
  Mode,
  OutputsHandler,
  RtcConfigurationSource,
  RtpParams,
  StreamBaseOptions,
  StreamSettings,
  TrackConstraints,
  TrackConstraintsByKind,
  VideoBroadcastOption,
  VideoFunctionOption,
} from './stream/stream-options.ts'
export type { SpokenText } from './telephony/call-markup.ts'
export type { CallOptions } from './telephony/call-options.ts'
export type { OutboundCall } from './telephony/outbound-call.ts'
export type {
  CallRequest,
  IncomingCall,
  ProviderMessage,
  SignedRequest,
  StreamKey,
  StreamMark,
  StreamMedia,
  StreamNotice,
  StreamStart,
  TelephoneProvider,
} from './telephony/provider.ts'
export type { Announcement, TelephonyOptions } from './telephony/telephony-options.ts'
export { telnyx } from './telephony/telnyx.ts'
export type { TelnyxOptions } from './telephony/telnyx.ts'
export { twilio } from './telephony/twilio.ts'
export type { TwilioOptions } from './telephony/twilio.ts'
export { EnergyVad } from './turn-taking/energy-vad.ts'
export type { EnergyVadOptions } from './turn-taking/energy-vad.ts'
export type { PauseDetectionModel, SpeechChunk, VadResult } from './turn-taking/pause-detection-model.ts'
export type { SileroVadOptions } from './turn-taking/silero-options.ts'
export { SileroVad } from './turn-taking/silero-vad.ts'
export { WorkerHandler } from './workers/worker-handler.ts'
export type { WorkerHandlerOptions } from './workers/worker-handler.ts'
export type { AlgoOptions, TurnPreset } from './turn-taking/algo-options.ts'
export type {
  InterruptionDetector,
  ReplyContext,
  ReplyFunction,
  StartupFunction,
  TurnDetector,
} from './turn-taking/reply-context.ts'
export { ReplyOnPause } from './turn-taking/reply-on-pause.ts'
export { ReplyOnStopWords } from './turn-taking/reply-on-stop-words.ts'
export type { ReplyOnStopWordsOptions } from './turn-taking/reply-on-stop-words.ts'
export type {
  Interruption,
  SpeechEvents,
  SpeechMoment,
  SpeechProbability,
  Turn,
  TurnReason,
} from './turn-taking/turn.ts'
export type { ReplyOnPauseOptions } from './turn-taking/turn-settings.ts'
export { Stream } from './server/stream.ts'
export type { FetchOptions, StreamOptions } from './server/stream.ts'
export type { MountOptions, ServerOptions } from './server/options.ts'
export type { LaunchedServer, LaunchOptions } from './server/launch.ts'
export type { HonoApp, HonoContext } from './server/hono-app.ts'
