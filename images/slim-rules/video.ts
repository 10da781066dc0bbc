import { inPackages, prefixed, type WheelRule } from './rule.ts'

const distribution = 'pynvvideocodec'
const own = (...names: readonly string[]) => inPackages(...names.map((name) => `PyNvVideoCodec/${name}`))

/** Video decoding on the GPU, which vLLM 0.33.0 requires and imports when such a decoder is asked for. */
export const videoRules: readonly WheelRule[] = [
  {
    id: 'pynvvideocodec-copies',
    distribution,
    versions: '>=2.0.4 <2.1.0',
    risk: 'safe',
    paths: own('lib{av,sw}*.so', 'lib{av,sw}*.so.', 'lib{av,sw}*.so.+([0-9]).+([0-9]).+([0-9])'),
    reason: 'three further copies of each FFmpeg library, under names that nobody asks for',
    evidence:
      '47.6 MB in 2.0.4, equal by checksum; every NEEDED names the copy with one number (libavcodec.so.62), and no file of the package holds another name',
  },
  {
    id: 'pynvvideocodec-unused-libraries',
    distribution,
    versions: '>=2.0.4 <2.1.0',
    risk: 'safe',
    paths: own('lib{avdevice,avfilter,swscale}.so.+([0-9])'),
    reason: 'FFmpeg libraries for filters and devices',
    evidence:
      '7.5 MB in 2.0.4; both extension modules need libavcodec, libavformat, libavutil and libswresample, none of which needs these',
  },
  {
    id: 'pynvvideocodec-samples',
    distribution,
    versions: '>=2.0.4 <2.1.0',
    risk: 'safe',
    paths: inPackages(
      'samples/{advanced,basic,jupyter,utils}/**',
      'benchmarks/{cached_decoder,frame_sampling,segmented_transcode}_benchmark.py',
    ),
    reason: 'sample programs and notebooks',
    evidence: '6.3 MB in 2.0.4; the wheel puts them beside the package, which imports none',
  },
  {
    id: 'pynvvideocodec',
    distribution,
    risk: 'feature',
    // The licence of FFmpeg wants its source with its libraries, so they stay and go together.
    paths: [
      ...own('**'),
      ...inPackages('pynvvideocodec./**'),
      ...prefixed('external/ffmpeg/src/ffmpeg-*.tar.*'),
    ],
    reason: 'decodes video on the GPU; with it goes the source archive of the FFmpeg inside',
    evidence:
      '81.6 MB in 2.0.4, 11.7 of them the archive; vllm 0.33.0 imports it inside decode_frames_pynvvideocodec alone, for media_io_kwargs that name the decoder',
  },
]
