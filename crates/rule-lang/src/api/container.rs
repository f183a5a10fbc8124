//! Containers of pods.

use super::volume::{OBJECT_FIELD_SELECTOR, RESOURCE_FIELD_SELECTOR};

types! {
    APP_ARMOR_PROFILE "AppArmorProfile" {
        localhostProfile Text, type (~ "Localhost", "RuntimeDefault", "Unconfined"),
    }
    CAPABILITIES "Capabilities" {
        add [Text], drop [Text],
    }
    CONFIG_MAP_ENV_SOURCE "ConfigMapEnvSource" {
        name Text, optional Bool,
    }
    CONFIG_MAP_KEY_SELECTOR "ConfigMapKeySelector" {
        key Text, name Text, optional Bool,
    }
    CONTAINER "Container" {
        args [Text], command [Text], env [{ENV_VAR}], envFrom [{ENV_FROM_SOURCE}], image Text,
        imagePullPolicy (~ "Always", "IfNotPresent", "Never"), lifecycle {LIFECYCLE}, livenessProbe {PROBE}, name Text, ports [{CONTAINER_PORT}],
        readinessProbe {PROBE}, resizePolicy [{CONTAINER_RESIZE_POLICY}], resources {RESOURCE_REQUIREMENTS},
        restartPolicy Text, restartPolicyRules [{CONTAINER_RESTART_RULE}], securityContext {SECURITY_CONTEXT},
        startupProbe {PROBE}, stdin Bool, stdinOnce Bool, terminationMessagePath Text,
        terminationMessagePolicy (~ "File", "FallbackToLogsOnError"), tty Bool, volumeDevices [{VOLUME_DEVICE}], volumeMounts [{VOLUME_MOUNT}],
        workingDir Text,
    }
    CONTAINER_PORT "ContainerPort" {
        containerPort Number, hostIP Text, hostPort Number, name Text, protocol (~ "TCP", "UDP", "SCTP"),
    }
    CONTAINER_RESIZE_POLICY "ContainerResizePolicy" {
        resourceName Text, restartPolicy Text,
    }
    CONTAINER_RESTART_RULE "ContainerRestartRule" {
        action Text, exitCodes {CONTAINER_RESTART_RULE_ON_EXIT_CODES},
    }
    CONTAINER_RESTART_RULE_ON_EXIT_CODES "ContainerRestartRuleOnExitCodes" {
        operator Text, values [Number],
    }
    ENV_FROM_SOURCE "EnvFromSource" {
        configMapRef {CONFIG_MAP_ENV_SOURCE}, prefix Text, secretRef {SECRET_ENV_SOURCE},
    }
    ENV_VAR "EnvVar" {
        name Text, value Text, valueFrom {ENV_VAR_SOURCE},
    }
    ENV_VAR_SOURCE "EnvVarSource" {
        configMapKeyRef {CONFIG_MAP_KEY_SELECTOR}, fieldRef {OBJECT_FIELD_SELECTOR},
        fileKeyRef {FILE_KEY_SELECTOR}, resourceFieldRef {RESOURCE_FIELD_SELECTOR},
        secretKeyRef {SECRET_KEY_SELECTOR},
    }
    EPHEMERAL_CONTAINER "EphemeralContainer" of CONTAINER {
        targetContainerName Text,
    }
    EXEC_ACTION "ExecAction" {
        command [Text],
    }
    FILE_KEY_SELECTOR "FileKeySelector" {
        key Text, optional Bool, path Text, volumeName Text,
    }
    GRPC_ACTION "GRPCAction" {
        mode Text, port Number, service Text,
    }
    HTTP_GET_ACTION "HTTPGetAction" {
        host Text, httpHeaders [{HTTP_HEADER}], path Text, port Scalar, protocol Text, scheme Text,
    }
    HTTP_HEADER "HTTPHeader" {
        name Text, value Text,
    }
    LIFECYCLE "Lifecycle" {
        postStart {LIFECYCLE_HANDLER}, preStop {LIFECYCLE_HANDLER}, stopSignal Text,
    }
    LIFECYCLE_HANDLER "LifecycleHandler" {
        exec {EXEC_ACTION}, httpGet {HTTP_GET_ACTION}, sleep {SLEEP_ACTION}, tcpSocket {TCP_SOCKET_ACTION},
    }
    PROBE "Probe" {
        exec {EXEC_ACTION}, failureThreshold Number, grpc {GRPC_ACTION}, httpGet {HTTP_GET_ACTION},
        initialDelaySeconds Number, periodSeconds Number, successThreshold Number,
        tcpSocket {TCP_SOCKET_ACTION}, terminationGracePeriodSeconds Number, timeoutSeconds Number,
    }
    RESOURCE_CLAIM "ResourceClaim" {
        name Text, request Text,
    }
    RESOURCE_REQUIREMENTS "ResourceRequirements" {
        claims [{RESOURCE_CLAIM}], limits Map, requests Map,
    }
    SE_LINUX_OPTIONS "SELinuxOptions" {
        level Text, role Text, type Text, user Text,
    }
    SECCOMP_PROFILE "SeccompProfile" {
        localhostProfile Text, type (~ "Localhost", "RuntimeDefault", "Unconfined"),
    }
    SECRET_ENV_SOURCE "SecretEnvSource" {
        name Text, optional Bool,
    }
    SECRET_KEY_SELECTOR "SecretKeySelector" {
        key Text, name Text, optional Bool,
    }
    SECURITY_CONTEXT "SecurityContext" {
        allowPrivilegeEscalation Bool, appArmorProfile {APP_ARMOR_PROFILE}, capabilities {CAPABILITIES},
        privileged Bool, procMount (~ "Default", "Unmasked"), readOnlyRootFilesystem Bool, runAsGroup Number, runAsNonRoot Bool,
        runAsUser Number, seccompProfile {SECCOMP_PROFILE}, seLinuxOptions {SE_LINUX_OPTIONS},
        windowsOptions {WINDOWS_SECURITY_CONTEXT_OPTIONS},
    }
    SLEEP_ACTION "SleepAction" {
        seconds Number,
    }
    TCP_SOCKET_ACTION "TCPSocketAction" {
        host Text, port Scalar,
    }
    VOLUME_DEVICE "VolumeDevice" {
        devicePath Text, name Text,
    }
    VOLUME_MOUNT "VolumeMount" {
        bindMountOptions [Text], mountPath Text, mountPropagation (~ "Bidirectional", "HostToContainer", "None"), name Text, readOnly Bool,
        recursiveReadOnly Text, subPath Text, subPathExpr Text,
    }
    WINDOWS_SECURITY_CONTEXT_OPTIONS "WindowsSecurityContextOptions" {
        gmsaCredentialSpec Text, gmsaCredentialSpecName Text, hostProcess Bool, runAsUserName Text,
    }
}
