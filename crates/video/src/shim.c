/* What Parley needs of libvpx, by plain arguments. libvpx's structures change from version to version: here their
 * layout is a matter between the C compiler and the header beside the library that is linked, and libvpx itself refuses
 * a header that isn't its own. */
#include <stdlib.h>
#include <string.h>
#include <vpx/vp8cx.h>
#include <vpx/vp8dx.h>
#include <vpx/vpx_decoder.h>
#include <vpx/vpx_encoder.h>
/* In this object, and not in one of its own: whatever needs libvpx needs this object first, so the linker finds these
 * functions before it looks for libvpx's. */
#include "memory.h"

struct parley_decoder {
  vpx_codec_ctx_t codec;
};

struct parley_encoder {
  vpx_codec_ctx_t codec;
  vpx_codec_enc_cfg_t config;
};

/* Three planes; valid until the codec is used again. */
struct parley_picture {
  const unsigned char *planes[3];
  int strides[3];
  unsigned width, height;
};

struct parley_encoder_settings {
  unsigned width, height, kbits, threads, token_partitions, max_key_percent;
};

/* Valid until the encoder is used again. */
struct parley_packet {
  const unsigned char *data;
  size_t size;
  int is_key;
};

/* All functions that return an int: 0 or more is success, less is a vpx_codec_err_t, negated. */

const char *parley_vpx_error(int code) { return vpx_codec_err_to_string((vpx_codec_err_t)-code); }

int parley_vp8_decoder_new(unsigned threads, struct parley_decoder **result) {
  vpx_codec_dec_cfg_t config = {.threads = threads};
  struct parley_decoder *decoder = calloc(1, sizeof *decoder);
  if (!decoder) return -VPX_CODEC_MEM_ERROR;
  vpx_codec_err_t error = vpx_codec_dec_init(&decoder->codec, vpx_codec_vp8_dx(), &config, 0);
  if (error) {
    free(decoder);
    return -(int)error;
  }
  *result = decoder;
  return 0;
}

void parley_vp8_decoder_free(struct parley_decoder *decoder) {
  vpx_codec_destroy(&decoder->codec);
  free(decoder);
}

/* 1: a picture, 0: none. */
int parley_vp8_decode(struct parley_decoder *decoder, const unsigned char *data, unsigned size,
                      struct parley_picture *picture) {
  vpx_codec_err_t error = vpx_codec_decode(&decoder->codec, data, size, NULL, 0);
  if (error) return -(int)error;
  int corrupted = 0;
  error = vpx_codec_control(&decoder->codec, VP8D_GET_FRAME_CORRUPTED, &corrupted);
  if (error) return -(int)error;
  if (corrupted) return -VPX_CODEC_CORRUPT_FRAME;
  vpx_codec_iter_t position = NULL;
  const vpx_image_t *image = vpx_codec_get_frame(&decoder->codec, &position);
  if (!image) return 0;
  if (image->fmt != VPX_IMG_FMT_I420) return -VPX_CODEC_UNSUP_FEATURE;
  for (int plane = 0; plane < 3; plane++) {
    picture->planes[plane] = image->planes[plane];
    picture->strides[plane] = image->stride[plane];
  }
  picture->width = image->d_w;
  picture->height = image->d_h;
  return 1;
}

static void configure(vpx_codec_enc_cfg_t *config, const struct parley_encoder_settings *settings) {
  config->g_w = settings->width;
  config->g_h = settings->height;
  /* Half pixels by two samples instead of six, and a filter of luma alone: a third less work here, a quarter less at the
   * peer's decoder, and at these bitrates no worse a picture. Decoders have to know it (RFC 6386, section 9.1). */
  config->g_profile = 1;
  config->g_threads = settings->threads;
  config->g_timebase.num = 1;
  config->g_timebase.den = 90000;
  config->g_lag_in_frames = 0;
  /* Whoever misses a frame asks for it again or for a key frame, and shows nothing made from it: refreshing parts of the
   * picture all the time would cost bits and mend nothing. */
  config->g_error_resilient = 0;
  config->g_pass = VPX_RC_ONE_PASS;
  config->rc_end_usage = VPX_CBR;
  config->rc_target_bitrate = settings->kbits;
  config->rc_dropframe_thresh = 30;
  config->rc_min_quantizer = 2;
  config->rc_max_quantizer = 56;
  config->rc_undershoot_pct = 100;
  config->rc_overshoot_pct = 15;
  /* Milliseconds at the target bitrate. */
  config->rc_buf_sz = 1000;
  config->rc_buf_initial_sz = 500;
  config->rc_buf_optimal_sz = 600;
  config->kf_mode = VPX_KF_AUTO;
  config->kf_max_dist = 3000;
}

/* Mean squared error 2.3, far less than what is left after quantising: a block that the picture before predicts as well as
 * that takes no more work and no bits. Over 256 pixels. */
enum { GOOD_PREDICTION = 600 };

static vpx_codec_err_t control(vpx_codec_ctx_t *codec, const struct parley_encoder_settings *settings) {
  vpx_codec_err_t error = vpx_codec_control(codec, VP8E_SET_CPUUSED, -12);
  if (!error) error = vpx_codec_control(codec, VP8E_SET_NOISE_SENSITIVITY, 0);
  if (!error) error = vpx_codec_control(codec, VP8E_SET_STATIC_THRESHOLD, GOOD_PREDICTION);
  if (!error) error = vpx_codec_control(codec, VP8E_SET_TOKEN_PARTITIONS, (int)settings->token_partitions);
  if (!error) error = vpx_codec_control(codec, VP8E_SET_MAX_INTRA_BITRATE_PCT, settings->max_key_percent);
  return error;
}

int parley_vp8_encoder_new(const struct parley_encoder_settings *settings, struct parley_encoder **result) {
  struct parley_encoder *encoder = calloc(1, sizeof *encoder);
  if (!encoder) return -VPX_CODEC_MEM_ERROR;
  vpx_codec_err_t error = vpx_codec_enc_config_default(vpx_codec_vp8_cx(), &encoder->config, 0);
  if (!error) {
    configure(&encoder->config, settings);
    error = vpx_codec_enc_init(&encoder->codec, vpx_codec_vp8_cx(), &encoder->config, 0);
  }
  if (error) {
    free(encoder);
    return -(int)error;
  }
  error = control(&encoder->codec, settings);
  if (error) {
    vpx_codec_destroy(&encoder->codec);
    free(encoder);
    return -(int)error;
  }
  *result = encoder;
  return 0;
}

void parley_vp8_encoder_free(struct parley_encoder *encoder) {
  vpx_codec_destroy(&encoder->codec);
  free(encoder);
}

int parley_vp8_encoder_set_bitrate(struct parley_encoder *encoder, unsigned kbits) {
  encoder->config.rc_target_bitrate = kbits;
  return -(int)vpx_codec_enc_config_set(&encoder->codec, &encoder->config);
}

/* Each picture is made from the one before alone: the other two that VP8 keeps cost a tenth of the work and give nothing. */
enum {
  LAST_ONLY = VP8_EFLAG_NO_REF_GF | VP8_EFLAG_NO_REF_ARF | VP8_EFLAG_NO_UPD_GF | VP8_EFLAG_NO_UPD_ARF
};

/* 1: a packet, 0: the rate control dropped the picture. Times are in 1/90000 s. */
int parley_vp8_encode(struct parley_encoder *encoder, const struct parley_picture *picture, long long pts,
                      unsigned long duration, int force_key, struct parley_packet *packet) {
  vpx_image_t image;
  unsigned char *first = (unsigned char *)picture->planes[0];
  if (!vpx_img_wrap(&image, VPX_IMG_FMT_I420, picture->width, picture->height, 1, first))
    return -VPX_CODEC_INVALID_PARAM;
  for (int plane = 0; plane < 3; plane++) {
    image.planes[plane] = (unsigned char *)picture->planes[plane];
    image.stride[plane] = picture->strides[plane];
  }
  vpx_enc_frame_flags_t flags = force_key ? VPX_EFLAG_FORCE_KF : LAST_ONLY;
  vpx_codec_err_t error = vpx_codec_encode(&encoder->codec, &image, pts, duration, flags, VPX_DL_REALTIME);
  if (error) return -(int)error;
  vpx_codec_iter_t position = NULL;
  const vpx_codec_cx_pkt_t *next;
  while ((next = vpx_codec_get_cx_data(&encoder->codec, &position)) != NULL) {
    if (next->kind != VPX_CODEC_CX_FRAME_PKT) continue;
    packet->data = next->data.frame.buf;
    packet->size = next->data.frame.sz;
    packet->is_key = (next->data.frame.flags & VPX_FRAME_IS_KEY) != 0;
    return 1;
  }
  return 0;
}
