/*
 * istio_operator.c - what `istioctl install` was given: IstioOperator.
 *
 * Its meshConfig is the mesh's; the rest says how a control plane is set up,
 * and each block of it is noted once.
 */
#include "schema/table.h"

#define INSTALL "it says how a control plane is installed, and there is none"

#define INSTALL_ROW(text, kind) MESH__ROW(text, kind, NOTED), .reason = INSTALL

static const struct mesh_field istio_operator_fields[] = {
    { MESH__ROW("meshConfig", MESSAGE, ENFORCED),
      .message = &mesh__mesh_config_message, MESH__PUT_INTO_SAME },
    { INSTALL_ROW("profile", STRING) },
    { INSTALL_ROW("values", ANY) },
    { INSTALL_ROW("unvalidatedValues", ANY) },
    { INSTALL_ROW("components", ANY) },
    { INSTALL_ROW("addonComponents", ANY) },
    { INSTALL_ROW("installPackagePath", STRING) },
    { INSTALL_ROW("hub", STRING) },
    { INSTALL_ROW("tag", ANY) },
    { INSTALL_ROW("namespace", STRING) },
    { INSTALL_ROW("revision", STRING) },
    { INSTALL_ROW("compatibilityVersion", STRING) },
};

const struct mesh_message mesh__istio_operator_message = {
    .name = "istio_operator",
    MESH__FIELDS(istio_operator_fields),
};
